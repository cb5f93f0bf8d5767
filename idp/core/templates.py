"""How templates are read: as Flask does, with two differences that each page pays for."""

from collections.abc import Callable, Mapping, MutableMapping
from typing import Any

from flask import has_request_context, url_for
from flask.templating import Environment
from jinja2 import Template, nodes
from jinja2.nodes import Impossible
from jinja2.visitor import NodeTransformer
from werkzeug.routing import BuildError

from idp.core import languages
from idp.core.assets import asset

# What answers the same on every page in one language: a text of ours, which may hold markup, or a value.
FIXED: Mapping[str, Callable[..., nodes.Literal]] = {
    "_": lambda text: nodes.TemplateData(languages.told(text)),
    "asset": lambda name: nodes.Const(asset(name)),
    "url_for": lambda endpoint: nodes.Const(url_for(endpoint)),
}


class Templates(Environment):
    """Templates that share what all of them know, and are compiled for each language, with its texts in them.

    Nobody loads a template with more than that, so that none needs a view of its own: looking through one at each part
    of a page was a sixth of its rendering. Texts, style sheets and addresses looked up each time were a fifth.
    """

    language = ""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Begin with the templates as they stand."""
        super().__init__(*args, **kwargs)
        self.compiled: dict[str, Templates] = {}

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """Return what a template knows besides what its page tells it."""
        return super().make_globals(d) if d else self.globals

    def get_or_select_template(self, *args: Any, **kwargs: Any) -> Template:
        """Return the template of a page, for the language of the request; outside of requests there are few of them."""
        chosen = self._in(languages.current().code) if has_request_context() and not self.language else self
        return super(Templates, chosen).get_or_select_template(*args, **kwargs)

    def _in(self, language: str) -> "Templates":
        if language not in self.compiled:
            templates = self.overlay()
            templates.language = language
            self.compiled[language] = templates
        return self.compiled[language]

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        template = super()._parse(source, name, filename)
        return _Filled(self).visit(template) if self.language else template


class _Filled(NodeTransformer):
    """Puts into a template what its functions answer to constants."""

    def __init__(self, templates: Templates) -> None:
        """Know whose template it is."""
        self.templates = templates

    def visit_Call(self, call: nodes.Call) -> nodes.Node:  # noqa: N802 - the visitor's word
        """Return a call, or its answer."""
        self.generic_visit(call)
        ask = FIXED.get(call.node.name) if isinstance(call.node, nodes.Name) else None
        if ask is None or call.kwargs or call.dyn_args or call.dyn_kwargs:
            return call
        try:
            answer = ask(*(one.as_const() for one in call.args))
        except (Impossible, BuildError):
            return call
        return answer.set_lineno(call.lineno).set_environment(self.templates)
