.PHONY: example test check setup

example test check setup:
	@python3 dev.py $@
