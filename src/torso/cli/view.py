"""``torso view``: a model on a page of this machine."""

from __future__ import annotations

import click

HELP = """\
Look at a model on a page in your browser.

Its parameters and tensors from the files alone; a text as tokens, its attention, its layers, what each head says; and \
where the model writes, a chat. Everything runs on this machine: the page asks no other, and no other may ask it.

\b
Examples:
  torso view
  torso view hfl/rbt3 "弱小的我也有大梦想！"
  torso view ./rbt3 --no-browser"""


@click.command(help=HELP)
@click.argument("model", default="torso:sentiment", metavar="[MODEL]")
@click.argument("text", default="弱小的我也有大梦想！", metavar="[TEXT]")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Port on this machine; a free one by default.")
@click.option("--page-admin", is_flag=True, help="Let the page fetch, check, repair and remove models.")
@click.option("--no-browser", is_flag=True, help="Only say the address.")
def view(model: str, text: str, port: int, page_admin: bool, no_browser: bool) -> None:
    """Serve the page."""
    from torso.view.serving import view as view_page

    view_page(model, text, port=port, admin=page_admin, browser=not no_browser, tell=click.echo)
