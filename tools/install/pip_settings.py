"""Where packages come from: what pip's configuration says, in the words of uv.

uv installs, and does not read pip's configuration, where networks name their registry, proxy and
certificates. Variables of uv that are set already win.
"""

from __future__ import annotations

import ast

# Options of pip: the variable of uv, and what stands between several values.
_VARIABLES = {
    "index-url": ("UV_DEFAULT_INDEX", " "),
    "extra-index-url": ("UV_INDEX", " "),
    "find-links": ("UV_FIND_LINKS", ","),
    "no-index": ("UV_NO_INDEX", " "),
    "constraint": ("UV_CONSTRAINT", " "),
    "trusted-host": ("UV_INSECURE_HOST", " "),
    "timeout": ("UV_HTTP_TIMEOUT", " "),
    "default-timeout": ("UV_HTTP_TIMEOUT", " "),
    "no-cache-dir": ("UV_NO_CACHE", " "),
    "cert": ("SSL_CERT_FILE", " "),
    "proxy": ("ALL_PROXY", " "),
}
_SECTIONS = ("global", "install", ":env:")  # a later one wins
# As pip: the best version of all registries, and the system's certificates.
_HABITS = {"UV_INDEX_STRATEGY": "unsafe-best-match", "UV_SYSTEM_CERTS": "true"}


def uv_variables(configuration: str) -> dict[str, str]:
    """Environment variables for uv.

    Args:
        configuration: What ``pip config list`` prints, lines like ``global.index-url='https://x'``.
    """
    found: dict[str, dict[str, str]] = {section: {} for section in _SECTIONS}
    for line in configuration.splitlines():
        name, is_option, value = line.partition("=")
        section, _, option = name.strip().rpartition(".")
        if is_option and section in found and option in _VARIABLES:
            found[section][option] = str(ast.literal_eval(value.strip()))
    variables = dict(_HABITS)
    for section in _SECTIONS:
        for option, value in found[section].items():
            variable, between = _VARIABLES[option]
            variables[variable] = between.join(value.split())
    return variables
