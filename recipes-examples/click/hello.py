import click


@click.command()
@click.option("--count", default=1, help="How many greetings.")
@click.argument("name")
def hello(count, name):
    """Greet NAME."""
    for _ in range(count):
        click.echo(f"Hello {name}")


if __name__ == "__main__":
    hello()
