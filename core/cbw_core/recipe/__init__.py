"""text of meta.yaml -> sections: selectors, template functions, schema, positions."""
