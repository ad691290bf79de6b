"""How Sphinx builds the site: `make docs`."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from ruamel.yaml import YAML

HERE = Path(__file__).parent
ROOT = HERE.parent
sys.path.insert(0, str(HERE / "figures"))
from gallery import draw  # noqa: E402 (beside the figures, which are no package)

REPOSITORY = "https://github.com/backsim/backsim/blob/main"

project = "backsim"
copyright = "The backsim developers"
author = "The backsim developers"

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "sphinx_copybutton",
]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build"]
myst_heading_anchors = 3
myst_enable_extensions = ["deflist"]
suppress_warnings = ["myst.header"]  # pages of the reference are generated, from level 3 on

default_role = "code"  # single backticks in docstrings
smartquotes_action = "qe"  # quotes and dots; `--set` keeps its two hyphens

autodoc_typehints = "description"
autodoc_member_order = "bysource"
napoleon_google_docstring = True
copybutton_prompt_text = "$ "

html_theme = "furo"
html_title = "backsim"
html_static_path = ["_static"]
html_css_files = ["print.css", "narrow.css", "code.css"]
html_js_files = ["narrow.js"]
html_theme_options = {
    "source_repository": REPOSITORY.partition("/blob")[0] + "/",
    "source_branch": "main",
    "source_directory": "docs/",
}


def gallery() -> str:
    """The page of all experiments: question, answer, file; from the files themselves."""
    lines = [
        "# Gallery",
        "",
        "Every experiment that backsim ships: the question, what was found, a figure, and the",
        "file to start from. The findings are what `backsim compare` prints; `backsim check`",
        "repeats each in CI.",
        "",
    ]
    for file in sorted((ROOT / "experiments").glob("*.yaml")):
        text = file.read_text(encoding="utf-8")
        said = YAML(typ="safe").load(text)
        header = "\n".join(re.findall(r"^# ?(.*)$", text.partition("\ntitle:")[0], re.MULTILINE))
        answer = re.sub(r"^Answer \([^)]*\): *", "", header).strip()
        answer = answer[:1].upper() + answer[1:]
        # A line for each paragraph: one that begins with "%" would be a comment.
        paragraphs = [" ".join(one.split()) for one in answer.split("\n\n")]
        figure, count, more = draw(file, HERE / "figures" / "gallery")
        lines += [
            f"## {said['title']}",
            "",
            re.sub(r"\bdocs/(\w+)\.md", r"[\1](\1.md)", " ".join(said.get("question", "").split())),
            "",
            "\n>\n".join(f"> {one}" for one in paragraphs),
            "",
            f"![Ranking of the policies](figures/gallery/{figure.name})",
            "",
            f"*Means with 95 % intervals of the {count} replications that CI repeats; the policies "
            f"in blue may be the best.{more}*",
            "",
            f"[`experiments/{file.name}`]({REPOSITORY}/experiments/{file.name}), on the scenario "
            f"[`{Path(said['scenario']).name}`]({REPOSITORY}/scenarios/{Path(said['scenario']).name}):"
            if "scenario" in said
            else f"`experiments/{file.name}`:",
            "",
            "```sh",
            f"backsim compare experiments/{file.name}",
            "```",
            "",
        ]
    return "\n".join(lines)


(HERE / "gallery.md").write_text(gallery(), encoding="utf-8")
changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").replace("](docs/", "](")
(HERE / "changelog.md").write_text(changes, encoding="utf-8")
