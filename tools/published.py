"""Writes the documents that integrators build on into docs/: the schema of a policy, the templates to start from, and
the schemas of what can be sent in.

`python -m tools.published` writes them anew after a change that is meant; a test compares them with the code.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from retour.core import warehouse
from retour.core.intake import SCHEMAS
from retour.core.policy import encode
from retour.core.policy.schema import schema
from retour.core.policy.template import templates

DOCS: Final = Path(__file__).resolve().parents[1] / "docs"


def published() -> Mapping[str, str]:
    """Return the text of each published document by its path below docs/."""
    documents = {"policy.schema.json": schema()}
    documents |= {f"policy-templates/{one.name}.json": dict(encode(one.make())) for one in templates()}
    documents |= {
        f"{name.replace('/', '-')}.schema.json": said for name, said in {**SCHEMAS, **warehouse.SCHEMAS}.items()
    }
    return {path: json.dumps(said, indent=2, ensure_ascii=False) + "\n" for path, said in documents.items()}


def main() -> None:
    """Write every published document."""
    for path, text in published().items():
        (DOCS / path).parent.mkdir(exist_ok=True)
        (DOCS / path).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
