"""Node types, for type checkers. Generated: `vortex stubs` writes one for the packs of a machine."""

import builtins
from os import PathLike
from typing import Any, Generic, Literal, TypeAlias, TypeVar

from vortex_prefect.client.handles import Feeds, Node, Output

T_co = TypeVar("T_co", covariant=True)

class LIST(Generic[T_co]): ...
T = TypeVar("T")
Fed: TypeAlias = Feeds[T] | Feeds[LIST[T]]
class AUDIO: ...
class CONDITIONING: ...
class JSON: ...
class MODEL: ...
class TABLE: ...
class TENSOR: ...
class BOOL(JSON): ...
class FLOAT(JSON): ...
class IMAGE(TENSOR): ...
class LATENT(TENSOR): ...
class MASK(TENSOR): ...
class STRING(JSON): ...
class INT(FLOAT): ...
class PATH(STRING): ...

class CoreAbs(Node, Feeds[FLOAT]):
    value: Output[FLOAT]
class CoreAdd(Node, Feeds[FLOAT]):
    value: Output[FLOAT]
class CoreBool(Node, Feeds[BOOL]):
    value: Output[BOOL]
class CoreCase(Node, Feeds[STRING]):
    value: Output[STRING]
class CoreClamp(Node, Feeds[FLOAT]):
    value: Output[FLOAT]
class CoreCollect(Node, Feeds[JSON]):
    out: Output[JSON]
class CoreCompare(Node, Feeds[BOOL]):
    value: Output[BOOL]
class CoreConcat(Node, Feeds[STRING]):
    value: Output[STRING]
class CoreDivide(Node, Feeds[FLOAT]):
    value: Output[FLOAT]
class CoreExpression(Node, Feeds[FLOAT]):
    value: Output[FLOAT]
class CoreFiles(Node, Feeds[LIST[PATH]]):
    out: Output[LIST[PATH]]
class CoreFloat(Node, Feeds[FLOAT]):
    value: Output[FLOAT]
class CoreFormat(Node, Feeds[STRING]):
    value: Output[STRING]
class CoreInt(Node, Feeds[INT]):
    value: Output[INT]
class CoreItemCount(Node, Feeds[INT]):
    out: Output[INT]
class CoreItems(Node, Feeds[LIST[Any]]):
    out: Output[LIST[Any]]
class CoreJson(Node, Feeds[JSON]):
    value: Output[JSON]
class CoreJsonGet(Node, Feeds[Any]):
    out: Output[Any]
class CoreLength(Node, Feeds[INT]):
    value: Output[INT]
class CoreLerp(Node, Feeds[FLOAT]):
    value: Output[FLOAT]
class CoreList(Node, Feeds[JSON]):
    value: Output[JSON]
class CoreListLength(Node, Feeds[INT]):
    value: Output[INT]
class CoreLogic(Node, Feeds[BOOL]):
    value: Output[BOOL]
class CoreMax(Node, Feeds[FLOAT]):
    value: Output[FLOAT]
class CoreMean(Node, Feeds[FLOAT]):
    out: Output[FLOAT]
class CoreMin(Node, Feeds[FLOAT]):
    value: Output[FLOAT]
class CoreModulo(Node, Feeds[FLOAT]):
    value: Output[FLOAT]
class CoreMultiply(Node, Feeds[FLOAT]):
    value: Output[FLOAT]
class CoreNot(Node, Feeds[BOOL]):
    value: Output[BOOL]
class CorePassthrough(Node, Feeds[Any]):
    out: Output[Any]
class CorePower(Node, Feeds[FLOAT]):
    value: Output[FLOAT]
class CoreRange(Node, Feeds[LIST[FLOAT]]):
    out: Output[LIST[FLOAT]]
class CoreReplace(Node, Feeds[STRING]):
    value: Output[STRING]
class CoreRound(Node, Feeds[FLOAT]):
    value: Output[FLOAT]
class CoreSeed(Node, Feeds[INT]):
    value: Output[INT]
class CoreSelect(Node, Feeds[Any]):
    out: Output[Any]
class CoreString(Node, Feeds[STRING]):
    value: Output[STRING]
class CoreSubtract(Node, Feeds[FLOAT]):
    value: Output[FLOAT]
class CoreSurvivors(Node, Feeds[LIST[Any]]):
    out: Output[LIST[Any]]
class CoreSwitch(Node, Feeds[Any]):
    out: Output[Any]
class CoreToInt(Node, Feeds[INT]):
    value: Output[INT]
class CoreToString(Node, Feeds[STRING]):
    value: Output[STRING]
class ImageBlend(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class ImageBlur(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class ImageBoxBlur(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class ImageBrightnessContrast(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class ImageChannelMerge(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class ImageChannelSplit(Node):
    red: Output[MASK]
    green: Output[MASK]
    blue: Output[MASK]
class ImageClahe(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class ImageColorBalance(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class ImageComposite(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class ImageCrop(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class ImageCurves(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class ImageEdges(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class ImageExposure(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class ImageFlip(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class ImageGamma(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class ImageGradient(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class ImageGrain(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class ImageGrayscale(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class ImageHistogramEqualize(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class ImageHue(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class ImageInfo(Node):
    width: Output[INT]
    height: Output[INT]
    batch: Output[INT]
    channels: Output[INT]
class ImageInvert(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class ImageLevels(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class ImageLoad(Node):
    image: Output[IMAGE]
    mask: Output[MASK]
class ImageLut(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class ImageMaskBlur(Node, Feeds[MASK]):
    mask: Output[MASK]
class ImageMaskCombine(Node, Feeds[MASK]):
    mask: Output[MASK]
class ImageMaskFromImage(Node, Feeds[MASK]):
    mask: Output[MASK]
class ImageMaskInvert(Node, Feeds[MASK]):
    mask: Output[MASK]
class ImageMaskToImage(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class ImageMedian(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class ImageMorphology(Node, Feeds[MASK]):
    mask: Output[MASK]
class ImageNoise(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class ImagePad(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class ImagePosterize(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class ImagePreview(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class ImageResize(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class ImageRotate(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class ImageSaturation(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class ImageSave(Node):
    path: Output[PATH]
    paths: Output[JSON]
class ImageScale(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class ImageSepia(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class ImageSharpen(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class ImageSolarize(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class ImageSolid(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class ImageThreshold(Node, Feeds[MASK]):
    mask: Output[MASK]
class ImageVibrance(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class ImageVignette(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class ImageWhiteBalance(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class CorePack:
    def abs(
        self,
        *,
        a: builtins.float | Fed[FLOAT] = 0.0,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> CoreAbs:
        """a without its sign.

        Args:
            a (FLOAT -1.79769e+308 to 1.79769e+308)

        Outputs:
            value (FLOAT)
        """
    def add(
        self,
        *,
        a: builtins.float | Fed[FLOAT] = 0.0,
        b: builtins.float | Fed[FLOAT] = 0.0,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> CoreAdd:
        """a plus b.

        Args:
            a (FLOAT -1.79769e+308 to 1.79769e+308)
            b (FLOAT -1.79769e+308 to 1.79769e+308)

        Outputs:
            value (FLOAT)
        """
    def bool(
        self,
        *,
        value: builtins.bool | Fed[BOOL] = False,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> CoreBool:
        """Yes or no.

        Args:
            value (BOOL)

        Outputs:
            value (BOOL)
        """
    def case(
        self,
        *,
        text: builtins.str | Fed[STRING] = '',
        case: Literal['lower', 'upper', 'title', 'capitalize'] | Fed[STRING] = 'lower',
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> CoreCase:
        """Write a text in small or capital letters.

        Args:
            text (STRING)
            case (STRING)

        Outputs:
            value (STRING)
        """
    def clamp(
        self,
        *,
        a: builtins.float | Fed[FLOAT] = 0.0,
        low: builtins.float | Fed[FLOAT] = 0.0,
        high: builtins.float | Fed[FLOAT] = 1.0,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> CoreClamp:
        """a, but not below low nor above high.

        Args:
            a (FLOAT -1.79769e+308 to 1.79769e+308)
            low (FLOAT -1.79769e+308 to 1.79769e+308)
            high (FLOAT -1.79769e+308 to 1.79769e+308)

        Outputs:
            value (FLOAT)
        """
    def collect(
        self,
        *,
        items: Fed[Any],
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> CoreCollect:
        """A list of values as one JSON value.

        Args:
            items (LIST[ANY]): A list of values.

        Outputs:
            out (JSON)
        """
    def compare(
        self,
        *,
        a: builtins.float | Fed[FLOAT] = 0.0,
        b: builtins.float | Fed[FLOAT] = 0.0,
        operation: Literal['less', 'less_or_equal', 'equal', 'not_equal', 'greater_or_equal', 'greater'] | Fed[STRING] = 'less',
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> CoreCompare:
        """Whether a and b stand in that relation.

        Args:
            a (FLOAT -1.79769e+308 to 1.79769e+308)
            b (FLOAT -1.79769e+308 to 1.79769e+308)
            operation (STRING)

        Outputs:
            value (BOOL)
        """
    def concat(
        self,
        *,
        a: builtins.str | Fed[STRING] = '',
        b: builtins.str | Fed[STRING] = '',
        separator: builtins.str | Fed[STRING] = '',
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> CoreConcat:
        """Text a, then text b.

        Args:
            a (STRING)
            b (STRING)
            separator (STRING): Between the two.

        Outputs:
            value (STRING)
        """
    def divide(
        self,
        *,
        a: builtins.float | Fed[FLOAT] = 1.0,
        b: builtins.float | Fed[FLOAT] = 1.0,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> CoreDivide:
        """a divided by b, which must not be 0.

        Args:
            a (FLOAT -1.79769e+308 to 1.79769e+308)
            b (FLOAT -1.79769e+308 to 1.79769e+308)

        Outputs:
            value (FLOAT)
        """
    def expression(
        self,
        *,
        expression: builtins.str | Fed[STRING] = 'a + b',
        a: builtins.float | Fed[FLOAT] = 0.0,
        b: builtins.float | Fed[FLOAT] = 0.0,
        c: builtins.float | Fed[FLOAT] = 0.0,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> CoreExpression:
        """Work a formula of a, b and c out. A comparison gives 1 or 0.

        Args:
            expression (STRING): With + - * / // % **, comparisons, and/or/not, `x if y else z`, pi, sqrt, sin, min, max, …
            a (FLOAT -1.79769e+308 to 1.79769e+308)
            b (FLOAT -1.79769e+308 to 1.79769e+308)
            c (FLOAT -1.79769e+308 to 1.79769e+308)

        Outputs:
            value (FLOAT)
        """
    def files(
        self,
        *,
        folder: builtins.str | PathLike[builtins.str] | Fed[PATH],
        pattern: builtins.str | Fed[STRING] = '*',
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> CoreFiles:
        """The files of a folder whose names fit, sorted; what takes a path runs once for each.

        Args:
            folder (PATH): The folder; what is below its subfolders is found with **.
            pattern (STRING): Such as *.png; * stands for any characters, **/ for any folders.

        Outputs:
            out (LIST[PATH])
        """
    def float(
        self,
        *,
        value: builtins.float | Fed[FLOAT] = 0.0,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> CoreFloat:
        """A number.

        Args:
            value (FLOAT -1.79769e+308 to 1.79769e+308)

        Outputs:
            value (FLOAT)
        """
    def format(
        self,
        *,
        a: Fed[Any] | None = None,
        b: Fed[Any] | None = None,
        c: Fed[Any] | None = None,
        template: builtins.str | Fed[STRING] = '{a}',
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> CoreFormat:
        """Put values into a text.

        Args:
            a (ANY)
            b (ANY)
            c (ANY)
            template (STRING): `{a}`, or `{b:.2f}` for two digits; `{{` gives a brace.

        Outputs:
            value (STRING)
        """
    def int(
        self,
        *,
        value: builtins.int | builtins.str | Fed[INT] = 0,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> CoreInt:
        """A whole number.

        Args:
            value (INT -9.22337e+18 to 9.22337e+18)

        Outputs:
            value (INT)
        """
    def item_count(
        self,
        *,
        items: Fed[Any],
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> CoreItemCount:
        """How many items a list has.

        Args:
            items (LIST[ANY])

        Outputs:
            out (INT)
        """
    def items(
        self,
        *,
        value: Any = ...,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> CoreItems:
        """Give the items of a JSON list one by one: what takes such an item runs once for each.

        Args:
            value (JSON): A JSON list.

        Outputs:
            out (LIST[ANY])
        """
    def json(
        self,
        *,
        value: Any = ...,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> CoreJson:
        """A JSON value: a list, an object, or anything within.

        Args:
            value (JSON): Any JSON value.

        Outputs:
            value (JSON)
        """
    def json_get(
        self,
        *,
        json: Fed[JSON],
        pointer: builtins.str | Fed[STRING] = '',
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> CoreJsonGet:
        """Take one value out of an object or a list, by JSON pointer.

        Args:
            json (JSON)
            pointer (STRING): Such as /size/0 for the first of the list `size`; empty takes all.

        Outputs:
            out (ANY)
        """
    def length(
        self,
        *,
        text: builtins.str | Fed[STRING] = '',
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> CoreLength:
        """How many characters a text has.

        Args:
            text (STRING)

        Outputs:
            value (INT)
        """
    def lerp(
        self,
        *,
        a: builtins.float | Fed[FLOAT] = 0.0,
        b: builtins.float | Fed[FLOAT] = 1.0,
        t: builtins.float | Fed[FLOAT] = 0.5,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> CoreLerp:
        """A number between a and b.

        Args:
            a (FLOAT -1.79769e+308 to 1.79769e+308)
            b (FLOAT -1.79769e+308 to 1.79769e+308)
            t (FLOAT -1.79769e+308 to 1.79769e+308): 0 gives a, 1 gives b; beyond goes on straight.

        Outputs:
            value (FLOAT)
        """
    def list(
        self,
        *,
        items: Fed[JSON] | builtins.list[Fed[JSON]],
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> CoreList:
        """A list of all that is connected.

        Args:
            items (JSON): In the order of the edges.

        Outputs:
            value (JSON)
        """
    def list_length(
        self,
        *,
        items: Fed[JSON],
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> CoreListLength:
        """How many items a list has.

        Args:
            items (JSON)

        Outputs:
            value (INT)
        """
    def logic(
        self,
        *,
        a: builtins.bool | Fed[BOOL] = False,
        b: builtins.bool | Fed[BOOL] = False,
        operation: Literal['and', 'or', 'xor'] | Fed[STRING] = 'and',
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> CoreLogic:
        """Join two conditions.

        Args:
            a (BOOL)
            b (BOOL)
            operation (STRING)

        Outputs:
            value (BOOL)
        """
    def max(
        self,
        *,
        a: builtins.float | Fed[FLOAT] = 0.0,
        b: builtins.float | Fed[FLOAT] = 0.0,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> CoreMax:
        """The larger of a and b.

        Args:
            a (FLOAT -1.79769e+308 to 1.79769e+308)
            b (FLOAT -1.79769e+308 to 1.79769e+308)

        Outputs:
            value (FLOAT)
        """
    def mean(
        self,
        *,
        items: Fed[FLOAT],
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> CoreMean:
        """The arithmetic mean of a list of numbers.

        Args:
            items (LIST[FLOAT])

        Outputs:
            out (FLOAT)
        """
    def min(
        self,
        *,
        a: builtins.float | Fed[FLOAT] = 0.0,
        b: builtins.float | Fed[FLOAT] = 0.0,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> CoreMin:
        """The smaller of a and b.

        Args:
            a (FLOAT -1.79769e+308 to 1.79769e+308)
            b (FLOAT -1.79769e+308 to 1.79769e+308)

        Outputs:
            value (FLOAT)
        """
    def modulo(
        self,
        *,
        a: builtins.float | Fed[FLOAT] = 0.0,
        b: builtins.float | Fed[FLOAT] = 1.0,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> CoreModulo:
        """What is left of a after division by b; it has the sign of b.

        Args:
            a (FLOAT -1.79769e+308 to 1.79769e+308)
            b (FLOAT -1.79769e+308 to 1.79769e+308)

        Outputs:
            value (FLOAT)
        """
    def multiply(
        self,
        *,
        a: builtins.float | Fed[FLOAT] = 1.0,
        b: builtins.float | Fed[FLOAT] = 1.0,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> CoreMultiply:
        """a times b.

        Args:
            a (FLOAT -1.79769e+308 to 1.79769e+308)
            b (FLOAT -1.79769e+308 to 1.79769e+308)

        Outputs:
            value (FLOAT)
        """
    def not_(
        self,
        *,
        a: builtins.bool | Fed[BOOL] = False,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> CoreNot:
        """The opposite of a.

        Args:
            a (BOOL)

        Outputs:
            value (BOOL)
        """
    def passthrough(
        self,
        *,
        value: Fed[Any],
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> CorePassthrough:
        """Pass a value on unchanged, to tidy up edges.

        Args:
            value (ANY)

        Outputs:
            out (ANY)
        """
    def power(
        self,
        *,
        a: builtins.float | Fed[FLOAT] = 1.0,
        b: builtins.float | Fed[FLOAT] = 2.0,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> CorePower:
        """a to the power b.

        Args:
            a (FLOAT -1.79769e+308 to 1.79769e+308)
            b (FLOAT -1.79769e+308 to 1.79769e+308): The exponent.

        Outputs:
            value (FLOAT)
        """
    def range(
        self,
        *,
        start: builtins.float | Fed[FLOAT] = 0.0,
        step: builtins.float | Fed[FLOAT] = 1.0,
        count: builtins.int | builtins.str | Fed[INT] = 10,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> CoreRange:
        """Numbers at equal distances; what takes a number runs once for each.

        Args:
            start (FLOAT -1.79769e+308 to 1.79769e+308)
            step (FLOAT -1.79769e+308 to 1.79769e+308)
            count (INT 0 to 100000): How many numbers.

        Outputs:
            out (LIST[FLOAT])
        """
    def replace(
        self,
        *,
        text: builtins.str | Fed[STRING] = '',
        find: builtins.str | Fed[STRING] = '',
        replacement: builtins.str | Fed[STRING] = '',
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> CoreReplace:
        """Replace every occurrence of one text within another.

        Args:
            text (STRING)
            find (STRING): Nothing is replaced where this is empty.
            replacement (STRING)

        Outputs:
            value (STRING)
        """
    def round(
        self,
        *,
        a: builtins.float | Fed[FLOAT] = 0.0,
        digits: builtins.int | builtins.str | Fed[INT] = 0,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> CoreRound:
        """a rounded to a number of digits; a half goes to the even neighbour.

        Args:
            a (FLOAT -1.79769e+308 to 1.79769e+308)
            digits (INT -300 to 15): After the point; below 0 before it.

        Outputs:
            value (FLOAT)
        """
    def seed(
        self,
        *,
        value: builtins.int | builtins.str | Fed[INT] = 0,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> CoreSeed:
        """A seed of 64 bits, to be shared by several nodes.

        Args:
            value (INT 0 to 1.84467e+19): The same seed gives the same result, on every device.

        Outputs:
            value (INT)
        """
    def select(
        self,
        *,
        in_0: Fed[Any],
        in_1: Fed[Any],
        in_2: Fed[Any],
        in_3: Fed[Any],
        in_4: Fed[Any],
        in_5: Fed[Any],
        in_6: Fed[Any],
        in_7: Fed[Any],
        index: builtins.int | builtins.str | Fed[INT] = 0,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> CoreSelect:
        """Pass one of up to eight values on.

        Args:
            in_0 (ANY)
            in_1 (ANY)
            in_2 (ANY)
            in_3 (ANY)
            in_4 (ANY)
            in_5 (ANY)
            in_6 (ANY)
            in_7 (ANY)
            index (INT 0 to 7): Which of the inputs goes on; the others are not even computed.

        Outputs:
            out (ANY)
        """
    def string(
        self,
        *,
        value: builtins.str | Fed[STRING] = '',
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> CoreString:
        """A text.

        Args:
            value (STRING)

        Outputs:
            value (STRING)
        """
    def subtract(
        self,
        *,
        a: builtins.float | Fed[FLOAT] = 0.0,
        b: builtins.float | Fed[FLOAT] = 0.0,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> CoreSubtract:
        """a minus b.

        Args:
            a (FLOAT -1.79769e+308 to 1.79769e+308)
            b (FLOAT -1.79769e+308 to 1.79769e+308)

        Outputs:
            value (FLOAT)
        """
    def survivors(
        self,
        *,
        items: Fed[Any],
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> CoreSurvivors:
        """The items that did not fail; without this node, one that failed keeps from running what takes the whole list.

        Args:
            items (LIST[ANY]): A list of which items may have failed.

        Outputs:
            out (LIST[ANY])
        """
    def switch(
        self,
        *,
        on_true: Fed[Any],
        on_false: Fed[Any],
        condition: builtins.bool | Fed[BOOL] = True,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> CoreSwitch:
        """Pass one of two values on.

        Args:
            on_true (ANY)
            on_false (ANY)
            condition (BOOL): Which of the two goes on; the other is not even computed.

        Outputs:
            out (ANY)
        """
    def to_int(
        self,
        *,
        a: builtins.float | Fed[FLOAT] = 0.0,
        rounding: Literal['nearest', 'down', 'up', 'cut'] | Fed[STRING] = 'nearest',
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> CoreToInt:
        """a as a whole number.

        Args:
            a (FLOAT -1.79769e+308 to 1.79769e+308)
            rounding (STRING): Nearest takes a half to even, cut goes towards 0.

        Outputs:
            value (INT)
        """
    def to_string(
        self,
        *,
        value: Fed[Any],
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> CoreToString:
        """A value as text: itself, or JSON, or the type and shape of a tensor.

        Args:
            value (ANY)

        Outputs:
            value (STRING)
        """

class ImagePack:
    def blend(
        self,
        *,
        base: Fed[IMAGE],
        layer: Fed[IMAGE],
        mode: Literal['normal', 'multiply', 'screen', 'overlay', 'hard_light', 'soft_light', 'darken', 'lighten', 'difference', 'add', 'subtract'] | Fed[STRING] = 'normal',
        opacity: builtins.float | Fed[FLOAT] = 0.5,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> ImageBlend:
        """Lay one image over another.

        Args:
            base (IMAGE): Lies below.
            layer (IMAGE): Lies above; as large as the base.
            mode (STRING)
            opacity (FLOAT 0 to 1): Of the layer.

        Outputs:
            image (IMAGE)
        """
    def blur(
        self,
        *,
        image: Fed[IMAGE],
        radius: builtins.float | Fed[FLOAT] = 4.0,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> ImageBlur:
        """Gaussian blur.

        Args:
            image (IMAGE)
            radius (FLOAT 0 to 100 px): Standard deviation of the Gaussian.

        Outputs:
            image (IMAGE)
        """
    def box_blur(
        self,
        *,
        image: Fed[IMAGE],
        radius: builtins.int | builtins.str | Fed[INT] = 4,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> ImageBoxBlur:
        """Replace every pixel by the mean of the square around it.

        Args:
            image (IMAGE)
            radius (INT 0 to 100 px): The square's side is twice this, and one.

        Outputs:
            image (IMAGE)
        """
    def brightness_contrast(
        self,
        *,
        image: Fed[IMAGE],
        brightness: builtins.float | Fed[FLOAT] = 0.0,
        contrast: builtins.float | Fed[FLOAT] = 1.0,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> ImageBrightnessContrast:
        """Shift all values, and spread them about middle grey.

        Args:
            image (IMAGE)
            brightness (FLOAT -1 to 1): Is added.
            contrast (FLOAT 0 to 4): Factor about middle grey; 1 changes nothing.

        Outputs:
            image (IMAGE)
        """
    def channel_merge(
        self,
        *,
        red: Fed[MASK],
        green: Fed[MASK],
        blue: Fed[MASK],
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> ImageChannelMerge:
        """Make a colour image of three masks.

        Args:
            red (MASK)
            green (MASK)
            blue (MASK)

        Outputs:
            image (IMAGE)
        """
    def channel_split(
        self,
        *,
        image: Fed[IMAGE],
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> ImageChannelSplit:
        """Take red, green and blue apart, each as a mask.

        Args:
            image (IMAGE)

        Outputs:
            red (MASK)
            green (MASK)
            blue (MASK)
        """
    def clahe(
        self,
        *,
        image: Fed[IMAGE],
        clip_limit: builtins.float | Fed[FLOAT] = 2.0,
        tiles: builtins.int | builtins.str | Fed[INT] = 8,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> ImageClahe:
        """Contrast-limited adaptive histogram equalisation: bring out detail in dark and bright regions alike.

        Args:
            image (IMAGE)
            clip_limit (FLOAT 1 to 40): Higher gives more contrast, and more noise.
            tiles (INT 1 to 32): Tiles across and down, each with a histogram of its own.

        Outputs:
            image (IMAGE)
        """
    def color_balance(
        self,
        *,
        image: Fed[IMAGE],
        cyan_red: builtins.float | Fed[FLOAT] = 0.0,
        magenta_green: builtins.float | Fed[FLOAT] = 0.0,
        yellow_blue: builtins.float | Fed[FLOAT] = 0.0,
        tones: Literal['shadows', 'midtones', 'highlights'] | Fed[STRING] = 'midtones',
        keep_luma: builtins.bool | Fed[BOOL] = True,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> ImageColorBalance:
        """Shift the colours of shadows, midtones or highlights.

        Args:
            image (IMAGE)
            cyan_red (FLOAT -1 to 1)
            magenta_green (FLOAT -1 to 1)
            yellow_blue (FLOAT -1 to 1)
            tones (STRING): Where it acts most.
            keep_luma (BOOL): Change the colour, not the brightness.

        Outputs:
            image (IMAGE)
        """
    def composite(
        self,
        *,
        background: Fed[IMAGE],
        foreground: Fed[IMAGE],
        mask: Fed[MASK],
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> ImageComposite:
        """Put the foreground over the background through a mask.

        Args:
            background (IMAGE): Shows where the mask is 0.
            foreground (IMAGE): Shows where the mask is 1.
            mask (MASK)

        Outputs:
            image (IMAGE)
        """
    def crop(
        self,
        *,
        image: Fed[IMAGE],
        x: builtins.int | builtins.str | Fed[INT] = 0,
        y: builtins.int | builtins.str | Fed[INT] = 0,
        width: builtins.int | builtins.str | Fed[INT] = 0,
        height: builtins.int | builtins.str | Fed[INT] = 0,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> ImageCrop:
        """Cut a rectangle out. What it asks for beyond the image's edges is left out.

        Args:
            image (IMAGE)
            x (INT 0 to 16384 px): Left edge.
            y (INT 0 to 16384 px): Upper edge.
            width (INT 0 to 16384 px): 0 goes to the right edge of the image.
            height (INT 0 to 16384 px): 0 goes to the lower edge of the image.

        Outputs:
            image (IMAGE)
        """
    def curves(
        self,
        *,
        image: Fed[IMAGE],
        points: Any = ...,
        channel: Literal['rgb', 'red', 'green', 'blue'] | Fed[STRING] = 'rgb',
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> ImageCurves:
        """Remap the tones along a smooth curve that never overshoots its points.

        Args:
            image (IMAGE)
            points (JSON): Two or more pairs [from, to] in 0..1; the curve goes through all of them.
            channel (STRING): Which channels it changes.

        Outputs:
            image (IMAGE)
        """
    def edges(
        self,
        *,
        image: Fed[IMAGE],
        method: Literal['sobel', 'canny', 'laplacian'] | Fed[STRING] = 'sobel',
        low: builtins.float | Fed[FLOAT] = 0.05,
        high: builtins.float | Fed[FLOAT] = 0.1,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> ImageEdges:
        """Draw edges in white on black. A step from black to white counts as 1.

        Args:
            image (IMAGE)
            method (STRING)
            low (FLOAT 0 to 1): Canny: weaker edges are dropped.
            high (FLOAT 0 to 1): Canny: stronger edges are kept.

        Outputs:
            image (IMAGE)
        """
    def exposure(
        self,
        *,
        image: Fed[IMAGE],
        stops: builtins.float | Fed[FLOAT] = 0.0,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> ImageExposure:
        """Change the amount of light, as a longer or shorter exposure would: a factor in linear light.

        Args:
            image (IMAGE)
            stops (FLOAT -10 to 10 EV): One more doubles the light.

        Outputs:
            image (IMAGE)
        """
    def flip(
        self,
        *,
        image: Fed[IMAGE],
        direction: Literal['horizontal', 'vertical', 'both'] | Fed[STRING] = 'horizontal',
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> ImageFlip:
        """Mirror the image: horizontally swaps left and right.

        Args:
            image (IMAGE)
            direction (STRING)

        Outputs:
            image (IMAGE)
        """
    def gamma(
        self,
        *,
        image: Fed[IMAGE],
        gamma: builtins.float | Fed[FLOAT] = 1.0,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> ImageGamma:
        """Raise every value to the power 1/gamma.

        Args:
            image (IMAGE)
            gamma (FLOAT 0.1 to 10): Above 1 lightens.

        Outputs:
            image (IMAGE)
        """
    def gradient(
        self,
        *,
        width: builtins.int | builtins.str | Fed[INT] = 512,
        height: builtins.int | builtins.str | Fed[INT] = 512,
        direction: Literal['horizontal', 'vertical', 'diagonal', 'radial'] | Fed[STRING] = 'horizontal',
        start: builtins.str | Fed[STRING] = '#000000',
        end: builtins.str | Fed[STRING] = '#ffffff',
        batch: builtins.int | builtins.str | Fed[INT] = 1,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> ImageGradient:
        """A gradient from one colour to another.

        Args:
            width (INT 1 to 16384 px)
            height (INT 1 to 16384 px)
            direction (STRING)
            start (STRING): As #rrggbb.
            end (STRING): As #rrggbb.
            batch (INT 1 to 256): Number of images.

        Outputs:
            image (IMAGE)
        """
    def grain(
        self,
        *,
        image: Fed[IMAGE],
        seed: builtins.int | builtins.str | Fed[INT] = 0,
        amount: builtins.float | Fed[FLOAT] = 0.1,
        size: builtins.float | Fed[FLOAT] = 1.0,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> ImageGrain:
        """Add film grain: soft, without colour, and strongest in the midtones.

        Args:
            image (IMAGE)
            seed (INT 0 to 1.84467e+19): The same seed gives the same result, on every device.
            amount (FLOAT 0 to 1)
            size (FLOAT 0 to 10 px): Of the grains.

        Outputs:
            image (IMAGE)
        """
    def grayscale(
        self,
        *,
        image: Fed[IMAGE],
        method: Literal['luma', 'average', 'lightness'] | Fed[STRING] = 'luma',
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> ImageGrayscale:
        """Take the colour away; the three channels become equal.

        Args:
            image (IMAGE)
            method (STRING): Luma weighs as the eye does; lightness is midway.

        Outputs:
            image (IMAGE)
        """
    def histogram_equalize(
        self,
        *,
        image: Fed[IMAGE],
        amount: builtins.float | Fed[FLOAT] = 1.0,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> ImageHistogramEqualize:
        """Spread the tones so that dark, middle and bright ones are equally frequent. Colours keep their chroma.

        Args:
            image (IMAGE)
            amount (FLOAT 0 to 1): 0 changes nothing, 1 makes all tones equally frequent.

        Outputs:
            image (IMAGE)
        """
    def hue(
        self,
        *,
        image: Fed[IMAGE],
        shift: builtins.float | Fed[FLOAT] = 0.0,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> ImageHue:
        """Turn all hues around the colour wheel.

        Args:
            image (IMAGE)
            shift (FLOAT -180 to 180 °): 120 turns red to green.

        Outputs:
            image (IMAGE)
        """
    def info(
        self,
        *,
        image: Fed[IMAGE],
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> ImageInfo:
        """Tell the size of an image.

        Args:
            image (IMAGE)

        Outputs:
            width (INT): In pixels.
            height (INT): In pixels.
            batch (INT): Number of images.
            channels (INT)
        """
    def invert(
        self,
        *,
        image: Fed[IMAGE],
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> ImageInvert:
        """Make a negative.

        Args:
            image (IMAGE)

        Outputs:
            image (IMAGE)
        """
    def levels(
        self,
        *,
        image: Fed[IMAGE],
        black: builtins.float | Fed[FLOAT] = 0.0,
        white: builtins.float | Fed[FLOAT] = 1.0,
        gamma: builtins.float | Fed[FLOAT] = 1.0,
        out_black: builtins.float | Fed[FLOAT] = 0.0,
        out_white: builtins.float | Fed[FLOAT] = 1.0,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> ImageLevels:
        """Stretch the tones between a black and a white point, with a gamma for the midtones.

        Args:
            image (IMAGE)
            black (FLOAT 0 to 1): What becomes black.
            white (FLOAT 0 to 1): What becomes white.
            gamma (FLOAT 0.1 to 10): Above 1 lightens the midtones.
            out_black (FLOAT 0 to 1): What black becomes.
            out_white (FLOAT 0 to 1): What white becomes.

        Outputs:
            image (IMAGE)
        """
    def load(
        self,
        *,
        path: builtins.str | PathLike[builtins.str] | Fed[PATH],
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> ImageLoad:
        """Read a picture from a file, upright as its EXIF orientation says. Alpha comes as a mask of its own.

        Args:
            path (PATH): PNG, JPEG, WebP, TIFF or what else Pillow reads.

        Outputs:
            image (IMAGE)
            mask (MASK): Alpha of the file: 1 is opaque, and all is where it has none.
        """
    def lut(
        self,
        *,
        image: Fed[IMAGE],
        path: builtins.str | PathLike[builtins.str] | Fed[PATH],
        amount: builtins.float | Fed[FLOAT] = 1.0,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> ImageLut:
        """Grade the colours by a lookup table.

        Args:
            image (IMAGE)
            path (PATH): A .cube file with a 3D table.
            amount (FLOAT 0 to 1): 0 changes nothing, 1 applies it fully.

        Outputs:
            image (IMAGE)
        """
    def mask_blur(
        self,
        *,
        mask: Fed[MASK],
        radius: builtins.float | Fed[FLOAT] = 4.0,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> ImageMaskBlur:
        """Soften the border of a mask.

        Args:
            mask (MASK)
            radius (FLOAT 0 to 100 px): Standard deviation of the Gaussian.

        Outputs:
            mask (MASK)
        """
    def mask_combine(
        self,
        *,
        a: Fed[MASK],
        b: Fed[MASK],
        operation: Literal['union', 'intersection', 'difference'] | Fed[STRING] = 'union',
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> ImageMaskCombine:
        """Join two masks, or cut one by the other.

        Args:
            a (MASK)
            b (MASK)
            operation (STRING): Difference is what is in a but not in b.

        Outputs:
            mask (MASK)
        """
    def mask_from_image(
        self,
        *,
        image: Fed[IMAGE],
        channel: Literal['luma', 'red', 'green', 'blue'] | Fed[STRING] = 'luma',
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> ImageMaskFromImage:
        """Use the luma or one channel of an image as a mask.

        Args:
            image (IMAGE)
            channel (STRING): What becomes the mask.

        Outputs:
            mask (MASK)
        """
    def mask_invert(
        self,
        *,
        mask: Fed[MASK],
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> ImageMaskInvert:
        """Swap inside and outside.

        Args:
            mask (MASK)

        Outputs:
            mask (MASK)
        """
    def mask_to_image(
        self,
        *,
        mask: Fed[MASK],
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> ImageMaskToImage:
        """Show a mask as a grey image.

        Args:
            mask (MASK)

        Outputs:
            image (IMAGE)
        """
    def median(
        self,
        *,
        image: Fed[IMAGE],
        radius: builtins.int | builtins.str | Fed[INT] = 1,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> ImageMedian:
        """Replace every pixel by the median of the square around it, which removes specks and keeps edges.

        Args:
            image (IMAGE)
            radius (INT 0 to 10 px): The square's side is twice this, and one.

        Outputs:
            image (IMAGE)
        """
    def morphology(
        self,
        *,
        mask: Fed[MASK],
        operation: Literal['dilate', 'erode', 'open', 'close'] | Fed[STRING] = 'dilate',
        radius: builtins.int | builtins.str | Fed[INT] = 2,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> ImageMorphology:
        """Grow or shrink a mask by a square.

        Args:
            mask (MASK)
            operation (STRING): Open removes specks, close fills holes.
            radius (INT 0 to 100 px): The square's side is twice this, and one.

        Outputs:
            mask (MASK)
        """
    def noise(
        self,
        *,
        image: Fed[IMAGE],
        seed: builtins.int | builtins.str | Fed[INT] = 0,
        amount: builtins.float | Fed[FLOAT] = 0.05,
        monochrome: builtins.bool | Fed[BOOL] = False,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> ImageNoise:
        """Add Gaussian noise.

        Args:
            image (IMAGE)
            seed (INT 0 to 1.84467e+19): The same seed gives the same result, on every device.
            amount (FLOAT 0 to 1): Standard deviation.
            monochrome (BOOL): The same in all channels.

        Outputs:
            image (IMAGE)
        """
    def pad(
        self,
        *,
        image: Fed[IMAGE],
        left: builtins.int | builtins.str | Fed[INT] = 32,
        top: builtins.int | builtins.str | Fed[INT] = 32,
        right: builtins.int | builtins.str | Fed[INT] = 32,
        bottom: builtins.int | builtins.str | Fed[INT] = 32,
        mode: Literal['color', 'edge', 'reflect'] | Fed[STRING] = 'color',
        color: builtins.str | Fed[STRING] = '#000000',
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> ImagePad:
        """Add margins around the image.

        Args:
            image (IMAGE)
            left (INT 0 to 8192 px)
            top (INT 0 to 8192 px)
            right (INT 0 to 8192 px)
            bottom (INT 0 to 8192 px)
            mode (STRING): What the margins show.
            color (STRING): Of the margins, as #rrggbb; in mode color.

        Outputs:
            image (IMAGE)
        """
    def posterize(
        self,
        *,
        image: Fed[IMAGE],
        levels: builtins.int | builtins.str | Fed[INT] = 4,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> ImagePosterize:
        """Leave only a few values in each channel.

        Args:
            image (IMAGE)
            levels (INT 2 to 256): Values left in each channel.

        Outputs:
            image (IMAGE)
        """
    def preview(
        self,
        *,
        image: Fed[IMAGE],
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> ImagePreview:
        """Show the image in the editor, and pass it on unchanged.

        Args:
            image (IMAGE)

        Outputs:
            image (IMAGE)
        """
    def resize(
        self,
        *,
        image: Fed[IMAGE],
        width: builtins.int | builtins.str | Fed[INT] = 512,
        height: builtins.int | builtins.str | Fed[INT] = 512,
        mode: Literal['bilinear', 'bicubic', 'nearest', 'area'] | Fed[STRING] = 'bicubic',
        keep_aspect: builtins.bool | Fed[BOOL] = False,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> ImageResize:
        """Resize to a width and a height in pixels.

        Args:
            image (IMAGE)
            width (INT 0 to 16384 px): 0 follows the height.
            height (INT 0 to 16384 px): 0 follows the width.
            mode (STRING): Bilinear and bicubic smooth when they make smaller.
            keep_aspect (BOOL): Fit within width and height instead of stretching.

        Outputs:
            image (IMAGE)
        """
    def rotate(
        self,
        *,
        image: Fed[IMAGE],
        angle: builtins.float | Fed[FLOAT] = 90.0,
        expand: builtins.bool | Fed[BOOL] = True,
        color: builtins.str | Fed[STRING] = '#000000',
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> ImageRotate:
        """Turn the image about its centre. Quarter turns are exact.

        Args:
            image (IMAGE)
            angle (FLOAT -360 to 360 °): Counter-clockwise.
            expand (BOOL): Grow the picture so that no corner is lost.
            color (STRING): Of the corners that are left empty, as #rrggbb.

        Outputs:
            image (IMAGE)
        """
    def saturation(
        self,
        *,
        image: Fed[IMAGE],
        factor: builtins.float | Fed[FLOAT] = 1.0,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> ImageSaturation:
        """Make all colours stronger or weaker alike.

        Args:
            image (IMAGE)
            factor (FLOAT 0 to 4): 0 is grey, 1 changes nothing.

        Outputs:
            image (IMAGE)
        """
    def save(
        self,
        *,
        image: Fed[IMAGE],
        mask: Fed[MASK] | None = None,
        filename: builtins.str | Fed[STRING] = 'result.png',
        format: Literal['auto', 'png', 'jpeg', 'webp'] | Fed[STRING] = 'auto',
        quality: builtins.int | builtins.str | Fed[INT] = 92,
        overwrite: builtins.bool | Fed[BOOL] = False,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> ImageSave:
        """Write the picture into the execution's output folder. The images of a batch go to numbered files.

        Args:
            image (IMAGE)
            mask (MASK): Alpha to store; PNG and WebP only.
            filename (STRING): Name within the execution's output folder; subfolders are made.
            format (STRING): `auto` goes by the file name's ending.
            quality (INT 1 to 100): Of JPEG and WebP; 100 makes WebP lossless.
            overwrite (BOOL): Replace a file of that name; else the new one gets a number.

        Outputs:
            path (PATH): The file; the first one of a batch.
            paths (JSON): List of all files, one for each image of the batch.
        """
    def scale(
        self,
        *,
        image: Fed[IMAGE],
        factor: builtins.float | Fed[FLOAT] = 0.5,
        mode: Literal['bilinear', 'bicubic', 'nearest', 'area'] | Fed[STRING] = 'bicubic',
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> ImageScale:
        """Make the image larger or smaller by a factor.

        Args:
            image (IMAGE)
            factor (FLOAT 0.01 to 16): Of width and height alike.
            mode (STRING): Bilinear and bicubic smooth when they make smaller.

        Outputs:
            image (IMAGE)
        """
    def sepia(
        self,
        *,
        image: Fed[IMAGE],
        amount: builtins.float | Fed[FLOAT] = 1.0,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> ImageSepia:
        """Tone in brown like an old print.

        Args:
            image (IMAGE)
            amount (FLOAT 0 to 1): 0 changes nothing, 1 tones fully.

        Outputs:
            image (IMAGE)
        """
    def sharpen(
        self,
        *,
        image: Fed[IMAGE],
        amount: builtins.float | Fed[FLOAT] = 1.0,
        radius: builtins.float | Fed[FLOAT] = 2.0,
        threshold: builtins.float | Fed[FLOAT] = 0.0,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> ImageSharpen:
        """Unsharp mask: add what a Gaussian blur takes away.

        Args:
            image (IMAGE)
            amount (FLOAT 0 to 10): 0 changes nothing.
            radius (FLOAT 0 to 100 px): Size of the details to lift.
            threshold (FLOAT 0 to 1): Smaller differences are left alone, such as noise.

        Outputs:
            image (IMAGE)
        """
    def solarize(
        self,
        *,
        image: Fed[IMAGE],
        threshold: builtins.float | Fed[FLOAT] = 0.5,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> ImageSolarize:
        """Invert the bright values only.

        Args:
            image (IMAGE)
            threshold (FLOAT 0 to 1): Values from here up are inverted.

        Outputs:
            image (IMAGE)
        """
    def solid(
        self,
        *,
        width: builtins.int | builtins.str | Fed[INT] = 512,
        height: builtins.int | builtins.str | Fed[INT] = 512,
        color: builtins.str | Fed[STRING] = '#808080',
        batch: builtins.int | builtins.str | Fed[INT] = 1,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> ImageSolid:
        """An image of one colour.

        Args:
            width (INT 1 to 16384 px)
            height (INT 1 to 16384 px)
            color (STRING): As #rrggbb.
            batch (INT 1 to 256): Number of images.

        Outputs:
            image (IMAGE)
        """
    def threshold(
        self,
        *,
        image: Fed[IMAGE],
        value: builtins.float | Fed[FLOAT] = 0.5,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> ImageThreshold:
        """Select the bright parts.

        Args:
            image (IMAGE)
            value (FLOAT 0 to 1): Luma from here up is inside.

        Outputs:
            mask (MASK)
        """
    def vibrance(
        self,
        *,
        image: Fed[IMAGE],
        amount: builtins.float | Fed[FLOAT] = 0.3,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> ImageVibrance:
        """Make weak colours stronger, and leave strong ones as they are.

        Args:
            image (IMAGE)
            amount (FLOAT -1 to 1): 0 changes nothing.

        Outputs:
            image (IMAGE)
        """
    def vignette(
        self,
        *,
        image: Fed[IMAGE],
        amount: builtins.float | Fed[FLOAT] = 0.5,
        radius: builtins.float | Fed[FLOAT] = 0.4,
        softness: builtins.float | Fed[FLOAT] = 0.6,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> ImageVignette:
        """Darken or lighten the corners.

        Args:
            image (IMAGE)
            amount (FLOAT -1 to 1): Above 0 darkens the corners, below 0 lightens.
            radius (FLOAT 0 to 1): Where it starts: 0 centre, 1 corners.
            softness (FLOAT 0 to 1): Width of the transition.

        Outputs:
            image (IMAGE)
        """
    def white_balance(
        self,
        *,
        image: Fed[IMAGE],
        temperature: builtins.float | Fed[FLOAT] = 0.0,
        tint: builtins.float | Fed[FLOAT] = 0.0,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> ImageWhiteBalance:
        """Correct the colour of the light: factors on red, green and blue in linear light; white keeps its brightness.

        Args:
            image (IMAGE)
            temperature (FLOAT -100 to 100): Above 0 warmer, below 0 colder.
            tint (FLOAT -100 to 100): Above 0 towards magenta, below 0 towards green.

        Outputs:
            image (IMAGE)
        """

class Packs:
    @property
    def core(self) -> CorePack: ...
    @property
    def image(self) -> ImagePack: ...
