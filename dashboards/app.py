"""What is done for every visitor and click: who looks, at which page, and errors as messages."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import streamlit as st

from dashboards import theme
from dashboards.access import COOKIE
from dashboards.configuration import configured
from dashboards.opening import home, opened
from dashboards.page import Page, Role, View, pages
from dashboards.parts.health import note_troubles
from dashboards.parts.messages import show_error
from dashboards.parts.state import enter
from dashboards.parts.text import plain
from warehouse.errors import TargetGraphError
from warehouse.extras import missing_extra


def main() -> None:
    """Draw the page that the visitor chose."""
    st.set_page_config(page_title="TargetGraph", page_icon=Path(__file__).with_name("icon.png"), layout="wide")
    st.html(theme.STYLE)
    visitor = _visitor()
    if visitor is None:
        return
    role, name = visitor
    shown = [page for page in pages() if role.may(page.needs)]
    groups: dict[str, list[st.Page]] = {}
    for page in shown:
        drawn = st.Page(
            partial(_draw, page, role, name),
            title=page.title,
            icon=page.icon,
            url_path=page.path,
            default=page is shown[0],
        )
        groups.setdefault(page.group, []).append(drawn)
    st.navigation(groups, expanded=True).run()


def _draw(page: Page, role: Role, visitor: str = "") -> None:
    st.title(page.title)
    enter(page.path)
    try:
        view = View(home(), opened(), role, page, visitor)
        page.render(view)
        _foot(view)
    except TargetGraphError as error:
        show_error(error)
    except ModuleNotFoundError as error:
        missing = missing_extra(error, f"The page {page.title}")
        if missing is None:
            raise
        show_error(missing)


def _foot(view: View) -> None:
    """What everything above was answered from."""
    releases = ", ".join(view.releases)
    with st.sidebar:
        st.caption(f"Build {view.warehouse.build.id}", help=plain(releases) or None)
        if view.warehouse.runs:
            runs = len(view.warehouse.runs)
            st.caption(f"with the predictions of {runs} run{'s' if runs > 1 else ''}")
        note_troubles(view.home)
        who = f" ({plain(view.visitor)})" if view.visitor else ""
        st.caption(f"You are {'an operator' if view.role is Role.OPERATOR else 'a reader'}{who}.")


def _visitor() -> tuple[Role, str] | None:
    """Who looks, and the address of their account if they have one; None where they must sign in, which is offered."""
    configuration = configured()
    if configuration.passwords is not None:
        role = configuration.passwords.role_of_cookie(st.context.cookies.get(COOKIE))
        if role is None:
            st.warning("Your time here has run out. Load the page again and give the password.")
            return None
        return role, ""
    if configuration.sign_on is None:
        return configuration.without, ""
    if not st.user.is_logged_in:
        st.title("TargetGraph")
        st.button("Sign in", icon=":material/login:", type="primary", on_click=st.login)
        return None
    email, verified = str(st.user.get("email") or ""), st.user.get("email_verified") is not False
    role = configuration.sign_on.role_of(email, verified=verified)
    if role is None:
        st.error(f"{plain(email) or 'This account'} may not see this warehouse. Ask its operator.")
        st.button("Sign in with another account", on_click=st.logout)
        return None
    return role, email.strip().lower()
