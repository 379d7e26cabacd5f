"""Pages: a template of a package filled in."""

from __future__ import annotations

from typing import Any


def render_page(package: str, template: str, **values: Any) -> str:
    """The template in the folder `templates` of a package, with its values as text that no
    browser takes for markup; a value that it lacks is an error."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader(package, "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(template).render(**values)
