"""The debugger's screen over script lines of a meta.yaml."""

from __future__ import annotations

from cbw_core.session import Phase, State

META = """\
package: {name: zoo, version: "1.0"}
build:
  number: 0
  script:
    - animal=cat
    - echo $animal
    - test -n "$missing"
test: {commands: ["true"]}
"""


async def test_lines_of_a_meta_yaml_take_breakpoints_fail_and_are_gone_on_with(open_screen, start, recipe) -> None:
    session = start(recipe("zoo", META))
    session.run(Phase.ENV)
    async with open_screen((110, 34), session) as screen:
        await screen.press("f6", "down", "down", "down", "down", "down", "b")
        await screen.until(lambda: screen.state.looked.breakpoints, "the breakpoint")
        await screen.idle()
        await screen.press("r", "4")
        await screen.stands(6, "meta.yaml")
        assert screen.line("source-pane", "echo").startswith("●► 6 - echo")
        await screen.press("c")
        await screen.stands(7, "meta.yaml")
        assert screen.line("source-pane", "missing").startswith("✗ 7") and "status 1" in screen.pane("source-pane")
        await screen.press("p", *"missing=no", "enter")
        await screen.until(lambda: "missing=no" in screen.pane("variables"), "the variable")
        await screen.idle()
        await screen.press("r")
        await screen.until(lambda: "goes on with line 7" in screen.pane("offer"), "once more")
        await screen.idle()
        await screen.press("c")
        await screen.until(lambda: session.status()[Phase.BUILD].state is State.DONE, "the build is done")
