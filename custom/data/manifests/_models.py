"""The keys of a manifest file for each layout, as pydantic models that check it and generate its JSON schema.

Editors show the text of a key. What precedes its colon completes "found …, expected …" in an error.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated, Any, Literal

from annotated_types import Ge, Gt, Interval, Len, Predicate
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema
from typing_extensions import TypedDict  # pydantic needs this one before Python 3.12

_parser: Any = re._parser  # type: ignore[attr-defined]
_REPEATS = (_parser.MAX_REPEAT, _parser.MIN_REPEAT)  # not the possessive ones, which never go back
_MOST_REPEATS = 3

LAYOUTS = ("paired_folders", "stacks", "cell_tracking", "bids")


# --------------------------------------------------------------------------------------------------------------- values


def _is_inside(path: str) -> bool:
    parts = [os.fsencode(part) for part in Path(path).parts]
    possible = all(len(part) <= 255 and b"\0" not in part for part in parts)
    return possible and b".." not in parts and not Path(path).is_absolute()


def _compilable(pattern: str) -> str:
    try:
        re.compile(pattern)
        endless = _repeats_a_choice(_parser.parse(pattern))
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(error) from error
    if endless:
        raise ValueError("a repeated group with repetition or alternatives in it can take forever")
    return pattern


def _repeats_a_choice(parsed: Any, repeated: bool = False) -> bool:
    """Return whether a repeated part of a pattern can match one text in several ways, in exponentially many together.

    Args:
        parsed: a pattern as Python's parser returns it, or a part of one.
        repeated: whether it is inside a part that is repeated without limit.
    """
    if isinstance(parsed, _parser.SubPattern | list | tuple):
        name = parsed[0] if isinstance(parsed, tuple) else None
        if name in _REPEATS:
            _, most, body = parsed[1]
            many = most > _MOST_REPEATS
            return (repeated and many) or _repeats_a_choice(body, repeated or many)
        if name is _parser.BRANCH and repeated:
            return True
        return any(_repeats_a_choice(part, repeated) for part in parsed)
    return False


InsidePath = Annotated[str, Predicate(_is_inside)]
Pattern = Annotated[str, AfterValidator(_compilable), Field(json_schema_extra={"format": "regex"})]
LabelPath = Annotated[
    InsidePath,
    Predicate(lambda path: "{stem}" in path and set(re.findall(r"\{(.*?)\}", path)) <= {"folder", "stem"}),
]
Byte = Annotated[int, Interval(ge=0, le=255)]
Color = Annotated[list[Byte], Len(3, 3)] | Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")]
Colors = Annotated[dict[str, Color], Field(description="class names with [red, green, blue], 0 to 255, or '#rrggbb'")]


def _different(values: dict[str, Any]) -> bool:
    return len(set(map(color_of, values.values()))) == len(values)


def color_of(value: Any) -> Any:
    """Return (red, green, blue) for a color of a manifest, and other values as they are.

    Examples:
        >>> color_of("#ff8000"), color_of([255, 128, 0]), color_of(7)
        ((255, 128, 0), (255, 128, 0), 7)
    """
    if isinstance(value, str):
        return tuple(bytes.fromhex(value.removeprefix("#")))
    return tuple(value) if isinstance(value, list) else value


_CLASSES = Len(2, 254)  # a label is a byte, and 255 means not annotated
ClassNames = Annotated[list[str], _CLASSES, Predicate(lambda names: len(set(names)) == len(names))]
ClassValues = Annotated[dict[str, Annotated[int, Interval(gt=-(2**32), lt=2**32)]], _CLASSES, Predicate(_different)]
ClassColors = Annotated[dict[str, Color], _CLASSES, Predicate(_different)]
Region = Annotated[
    InsidePath | None,
    Field(description="a path inside the data folder: images that are nonzero where the mask is annotated"),
]
Block = Annotated[list[Annotated[int, Ge(0)]], Len(2, 2), Predicate(lambda block: block[0] < block[1])]
PAIR_BY = Field(
    description="'number', 'stem' or 'folder': pair by the number in the names, by names without suffix (and without "
    "_mask and the like), or the only image and mask of a folder"
)
SplitName = Literal["train", "validation", "test"]


class _Object(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", allow_inf_nan=False, defer_build=True)


class Download(_Object):
    """A file or an archive of a data set."""

    url: Annotated[str, Field(pattern=r"^https?://[^\s/]+/\S*$", description="a URL of http or https")]
    sha256: Annotated[
        str,
        Field(
            pattern=r"^[0-9a-fA-F]{64}$", description="64 hexadecimal digits: a file with another SHA-256 is not used"
        ),
    ]
    name: Annotated[
        InsidePath,
        Field(
            pattern=r"^[^/\\]*$",
            description="a file name without folders: needed if the URL does not end with it; its suffix identifies an "
            "archive",
        ),
    ] = ""
    root: Annotated[
        InsidePath,
        Field(description="a path inside the archive: the folder with the data (default: the whole archive)"),
    ] = ""
    into: Annotated[
        InsidePath,
        Field(description="a path inside the data folder: the destination (default: the data folder itself)"),
    ] = ""


# --------------------------------------------------------------------------------------------------------------- splits

Names = Annotated[list[int | str], Field(description="a list of numbers or names")]
Share = Annotated[float, Interval(ge=0, le=1), Field(description="a fraction from 0 to 1")]
Folder = Annotated[InsidePath, Field(pattern=r"^[^*?]+$")]
FolderPair = Annotated[
    list[Folder], Len(2, 2), Field(description="[folder of images, folder of masks], two paths inside the data folder")
]
PageBlock = Annotated[Block, Field(description="[first page, page after the last]")]
Sequence = Annotated[str, Field(pattern=r"^\d+$")]
SequenceNames = Annotated[list[Sequence], Field(description='a list of sequences such as "01"')]
FrameBlocks = Annotated[
    dict[Sequence, Block], Field(description='sequences such as "01", each with [first frame, frame after the last]')
]
Subject = Annotated[str, Field(pattern=r"^sub-[^/\\]+$")]
SubjectNames = Annotated[list[Subject], Field(description='a list of subjects such as "sub-1"')]

# ruff: noqa: UP013  # one line for each kind of split
Numbers = TypedDict("Numbers", {"numbers": Names})
Stems = TypedDict("Stems", {"stems": Names})
Named = TypedDict("Named", {"names": Names})
Fraction = TypedDict("Fraction", {"fraction": Share})
Folders = TypedDict("Folders", {"folders": FolderPair})
Pages = TypedDict("Pages", {"pages": PageBlock})
Sequences = TypedDict("Sequences", {"sequences": SequenceNames})
Frames = TypedDict("Frames", {"frames": FrameBlocks})
Subjects = TypedDict("Subjects", {"subjects": SubjectNames})


# -------------------------------------------------------------------------------------------------------------- layouts


class Downloads(_Object):
    download: Annotated[
        list[Download],
        BeforeValidator(lambda given: given if isinstance(given, list) else [given], Download | list[Download]),
        Field(
            description="url and sha256, and optionally name, root and into: a file or archive of the data set, or a "
            "list of them",
        ),
    ] = []


class Keys(Downloads):
    """The keys of all layouts."""

    schema_file: Annotated[str, Field(alias="$schema", description="text: where editors find the JSON schema")] = ""
    name: Annotated[str, Field(description="text: a short name")]
    description: Annotated[str, Field(description="text: what the images show, how they were recorded and split")] = ""
    source: Annotated[str, Field(description="text: where the data set was published")] = ""
    license: Annotated[str, Field(description="text: license or terms of use")] = ""
    citation: Annotated[str | list[str], Field(description="text or a list of texts: publications to cite")] = []
    channels: Annotated[
        Literal["equal", "luminance"],
        Field(description="'equal' or 'luminance': RGB channels must be identical, or RGB is converted to gray"),
    ] = "equal"
    channel: Annotated[
        Annotated[int, Ge(0)] | None,
        Field(description="a whole number of at least 0: the only channel to read of images of several, from 0"),
    ] = None
    axes: Annotated[
        str | None,
        Field(description="text such as 'ZYX': the axes of the images where those in the files are wrong"),
    ] = None
    pixel_size_um: Annotated[
        Annotated[list[Annotated[float, Gt(0)]], Len(2, 2)] | None,
        Field(description="[row, column], two numbers above 0: the pixel size in µm"),
    ] = None
    optional_splits: Annotated[
        list[SplitName],
        Field(
            description="a list of splits that name folders, sequences or subjects: each is skipped if none of its "
            "folders exists",
        ),
    ] = []


class _Labeled(Keys):
    labels: Annotated[
        ClassValues | ClassColors | ClassNames | Literal["instances"],
        Field(
            description="two or more class names with different whole numbers (at most 254, of at most 32 bits) or "
            "colors ([red, green, blue] or '#rrggbb'), or a list of class names, or 'instances': label values, "
            "background first; the names in a list have the values 0, 1, …",
        ),
    ]
    colors: Colors = {}
    label_threshold: Annotated[
        float | None,
        Field(
            description="a number: values above it belong to the class with the higher value, all others to the other "
            "class",
        ),
    ] = None
    label_tolerance: Annotated[
        float,
        Ge(0),
        Field(
            description="a number of at least 0: values that differ from a declared value by at most this much count "
            "as that value",
        ),
    ] = 0


class _Located(_Labeled):
    image: Annotated[
        InsidePath, Field(description="a path inside the data folder: a folder or glob of images, or a stack")
    ]
    label: Annotated[
        InsidePath | dict[str, InsidePath],
        Field(
            description="a path inside the data folder, or class names with such paths: a folder or glob of labels, a "
            "pattern with {stem}, or a stack; for several classes a binary file each, in the order of drawing",
        ),
    ]


class _Paired(_Labeled):
    layout: Literal["paired_folders"]
    number_pattern: Annotated[
        Pattern | None,
        Field(description="a regular expression: finds the number in a file name (default: the last number)"),
    ] = None
    split_seed: Annotated[
        int,
        Ge(0),
        Field(
            description="a whole number of at least 0: seed that shuffles the pairs before they are split by fraction"
        ),
    ] = 0


class PairsByNumber(_Located, _Paired):
    """Folders of images and masks, paired by number."""

    region: Region = None
    pair_by: Annotated[Literal["number"], PAIR_BY] = "number"
    splits: Annotated[
        dict[SplitName, Numbers | Fraction],
        Field(description="train, validation or test, each with one of numbers, fraction, folders"),
    ] = {}


class PairsByStem(_Located, _Paired):
    """Folders of images and masks, paired by name."""

    region: Region = None
    pair_by: Annotated[Literal["stem"], PAIR_BY]
    splits: Annotated[
        dict[SplitName, Stems | Fraction],
        Field(description="train, validation or test, each with one of stems, fraction, folders"),
    ] = {}


class PairsByFolder(_Located, _Paired):
    """Folders with one image and one mask each."""

    region: Region = None
    pair_by: Annotated[Literal["folder"], PAIR_BY]
    splits: Annotated[
        dict[SplitName, Named | Fraction],
        Field(description="train, validation or test, each with one of names (of folders), fraction"),
    ] = {}


class FoldersBySplit(_Paired):
    """Each split has its own folders of images and masks."""

    pair_by: Annotated[Literal["number", "stem"], PAIR_BY] = "number"
    splits: Annotated[
        dict[SplitName, Folders],
        Field(description="train, validation or test, each with folders [folder of images, folder of masks]"),
    ]


class Stacks(_Located):
    """One stack of images and one of labels."""

    layout: Literal["stacks"]
    splits: Annotated[
        dict[SplitName, Pages],
        Field(description="train, validation or test, each with pages [first page, page after the last]"),
    ] = {}


class CellTracking(Keys):
    """Folders of the Cell Tracking Challenge."""

    layout: Literal["cell_tracking"]
    splits: Annotated[
        dict[SplitName, Sequences | Frames],
        Field(description="train, validation or test, each with one of sequences, frames"),
    ]


class Bids(_Located):
    """Microscopy in the Brain Imaging Data Structure."""

    layout: Literal["bids"]
    label: Annotated[
        LabelPath | dict[str, LabelPath],
        Field(
            description="a path with {stem}, and {folder} if needed, inside the data folder, or class names with such "
            "paths: file name and folder of the image",
        ),
    ]
    splits: Annotated[
        dict[SplitName, Subjects | Stems],
        Field(description="train, validation or test, each with one of subjects, stems"),
    ] = {}


def layout_model(content: dict[str, Any]) -> type[Keys]:
    """Return the model for a manifest whose layout is known."""
    if content["layout"] != "paired_folders":
        models: dict[str, type[Keys]] = {"stacks": Stacks, "cell_tracking": CellTracking, "bids": Bids}
        return models[content["layout"]]
    splits = content.get("splits")
    if isinstance(splits, dict) and any(isinstance(split, dict) and "folders" in split for split in splits.values()):
        return FoldersBySplit
    pairs: dict[Any, type[Keys]] = {"stem": PairsByStem, "folder": PairsByFolder}
    return pairs.get(str(content.get("pair_by")), PairsByNumber)


class _WithoutTitles(GenerateJsonSchema):
    def field_title_should_be_set(self, schema: Any) -> bool:
        """Leave out titles, which repeat the keys."""
        return False


def json_schema() -> dict[str, Any]:
    """Return the JSON schema of manifest files."""
    layouts: Any = PairsByNumber | PairsByStem | PairsByFolder | FoldersBySplit | Stacks | CellTracking | Bids
    schema = TypeAdapter(layouts).json_schema(schema_generator=_WithoutTitles)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Manifest of a data set", **schema}
