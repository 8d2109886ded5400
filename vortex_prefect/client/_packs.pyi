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
class BYTES: ...
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

class AudioChannel(Node, Feeds[AUDIO]):
    audio: Output[AUDIO]
class AudioConcat(Node, Feeds[AUDIO]):
    audio: Output[AUDIO]
class AudioConvolve(Node, Feeds[AUDIO]):
    audio: Output[AUDIO]
class AudioDelay(Node, Feeds[AUDIO]):
    audio: Output[AUDIO]
class AudioFade(Node, Feeds[AUDIO]):
    audio: Output[AUDIO]
class AudioFilter(Node, Feeds[AUDIO]):
    audio: Output[AUDIO]
class AudioFromTensor(Node, Feeds[AUDIO]):
    audio: Output[AUDIO]
class AudioGain(Node, Feeds[AUDIO]):
    audio: Output[AUDIO]
class AudioInfo(Node):
    duration: Output[FLOAT]
    rate: Output[INT]
    channels: Output[INT]
    frames: Output[INT]
class AudioLimit(Node, Feeds[AUDIO]):
    audio: Output[AUDIO]
class AudioLoad(Node, Feeds[AUDIO]):
    audio: Output[AUDIO]
class AudioMeasure(Node):
    peak: Output[FLOAT]
    rms: Output[FLOAT]
    clipped: Output[INT]
class AudioMel(Node, Feeds[TENSOR]):
    tensor: Output[TENSOR]
class AudioMerge(Node, Feeds[AUDIO]):
    audio: Output[AUDIO]
class AudioMfcc(Node, Feeds[TENSOR]):
    tensor: Output[TENSOR]
class AudioMix(Node, Feeds[AUDIO]):
    audio: Output[AUDIO]
class AudioNoise(Node, Feeds[AUDIO]):
    audio: Output[AUDIO]
class AudioNormalize(Node, Feeds[AUDIO]):
    audio: Output[AUDIO]
class AudioPad(Node, Feeds[AUDIO]):
    audio: Output[AUDIO]
class AudioPan(Node, Feeds[AUDIO]):
    audio: Output[AUDIO]
class AudioPitch(Node, Feeds[TENSOR]):
    tensor: Output[TENSOR]
class AudioPreemphasis(Node, Feeds[AUDIO]):
    audio: Output[AUDIO]
class AudioResample(Node, Feeds[AUDIO]):
    audio: Output[AUDIO]
class AudioReverse(Node, Feeds[AUDIO]):
    audio: Output[AUDIO]
class AudioSave(Node, Feeds[PATH]):
    path: Output[PATH]
class AudioSilence(Node, Feeds[AUDIO]):
    audio: Output[AUDIO]
class AudioSpectrogram(Node, Feeds[TENSOR]):
    tensor: Output[TENSOR]
class AudioSpectrogramImage(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class AudioSpeed(Node, Feeds[AUDIO]):
    audio: Output[AUDIO]
class AudioToMono(Node, Feeds[AUDIO]):
    audio: Output[AUDIO]
class AudioToTensor(Node, Feeds[TENSOR]):
    tensor: Output[TENSOR]
class AudioTone(Node, Feeds[AUDIO]):
    audio: Output[AUDIO]
class AudioTrim(Node, Feeds[AUDIO]):
    audio: Output[AUDIO]
class AudioTrimSilence(Node, Feeds[AUDIO]):
    audio: Output[AUDIO]
class BatchFromList(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class BatchGrid(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class BatchItems(Node, Feeds[LIST[IMAGE]]):
    image: Output[LIST[IMAGE]]
class BatchJoin(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class BatchRepeat(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class BatchSelect(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class BatchSideBySide(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class CoreAbs(Node, Feeds[FLOAT]):
    value: Output[FLOAT]
class CoreAdd(Node, Feeds[FLOAT]):
    value: Output[FLOAT]
class CoreAfter(Node, Feeds[Any]):
    out: Output[Any]
class CoreAssert(Node, Feeds[Any]):
    out: Output[Any]
class CoreBarrier(Node, Feeds[Any]):
    out: Output[Any]
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
class CoreFilterList(Node, Feeds[LIST[Any]]):
    out: Output[LIST[Any]]
class CoreFloat(Node, Feeds[FLOAT]):
    value: Output[FLOAT]
class CoreFold(Node, Feeds[FLOAT]):
    value: Output[FLOAT]
class CoreFormat(Node, Feeds[STRING]):
    value: Output[STRING]
class CoreGather(Node, Feeds[LIST[Any]]):
    out: Output[LIST[Any]]
class CoreInt(Node, Feeds[INT]):
    value: Output[INT]
class CoreItemAt(Node, Feeds[Any]):
    out: Output[Any]
class CoreItemCount(Node, Feeds[INT]):
    out: Output[INT]
class CoreItems(Node, Feeds[LIST[Any]]):
    out: Output[LIST[Any]]
class CoreJoinLists(Node, Feeds[LIST[Any]]):
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
class CoreMergeJson(Node, Feeds[JSON]):
    value: Output[JSON]
class CoreMin(Node, Feeds[FLOAT]):
    value: Output[FLOAT]
class CoreModulo(Node, Feeds[FLOAT]):
    value: Output[FLOAT]
class CoreMultiply(Node, Feeds[FLOAT]):
    value: Output[FLOAT]
class CoreNot(Node, Feeds[BOOL]):
    value: Output[BOOL]
class CoreNow(Node):
    seconds: Output[FLOAT]
    text: Output[STRING]
class CorePairs(Node, Feeds[LIST[FLOAT]]):
    out: Output[LIST[FLOAT]]
class CorePassthrough(Node, Feeds[Any]):
    out: Output[Any]
class CorePower(Node, Feeds[FLOAT]):
    value: Output[FLOAT]
class CoreRange(Node, Feeds[LIST[FLOAT]]):
    out: Output[LIST[FLOAT]]
class CoreReduce(Node, Feeds[FLOAT]):
    value: Output[FLOAT]
class CoreReduceTensors(Node, Feeds[TENSOR]):
    tensor: Output[TENSOR]
class CoreRepeat(Node, Feeds[LIST[Any]]):
    out: Output[LIST[Any]]
class CoreReplace(Node, Feeds[STRING]):
    value: Output[STRING]
class CoreReverseList(Node, Feeds[LIST[Any]]):
    out: Output[LIST[Any]]
class CoreRound(Node, Feeds[FLOAT]):
    value: Output[FLOAT]
class CoreSeed(Node, Feeds[INT]):
    value: Output[INT]
class CoreSelect(Node, Feeds[Any]):
    out: Output[Any]
class CoreSetKey(Node, Feeds[JSON]):
    value: Output[JSON]
class CoreShuffleList(Node, Feeds[LIST[Any]]):
    out: Output[LIST[Any]]
class CoreSliceList(Node, Feeds[LIST[Any]]):
    out: Output[LIST[Any]]
class CoreSortList(Node, Feeds[LIST[Any]]):
    out: Output[LIST[Any]]
class CoreString(Node, Feeds[STRING]):
    value: Output[STRING]
class CoreSubtract(Node, Feeds[FLOAT]):
    value: Output[FLOAT]
class CoreSurvivors(Node, Feeds[LIST[Any]]):
    out: Output[LIST[Any]]
class CoreSwitch(Node, Feeds[Any]):
    out: Output[Any]
class CoreTimer(Node):
    out: Output[Any]
    seconds: Output[FLOAT]
class CoreToInt(Node, Feeds[INT]):
    value: Output[INT]
class CoreToString(Node, Feeds[STRING]):
    value: Output[STRING]
class CoreWait(Node, Feeds[Any]):
    out: Output[Any]
class DiffusionApplyControlnet(Node, Feeds[CONDITIONING]):
    conditioning: Output[CONDITIONING]
class DiffusionEmptyLatent(Node, Feeds[LATENT]):
    latent: Output[LATENT]
class DiffusionEncodePrompt(Node, Feeds[CONDITIONING]):
    conditioning: Output[CONDITIONING]
class DiffusionImageToImage(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class DiffusionInpaint(Node, Feeds[LATENT]):
    latent: Output[LATENT]
class DiffusionLoadCheckpoint(Node):
    model: Output[MODEL]
    clip: Output[MODEL]
    vae: Output[MODEL]
class DiffusionLoadControlnet(Node, Feeds[MODEL]):
    control_net: Output[MODEL]
class DiffusionLoadFolder(Node):
    model: Output[MODEL]
    clip: Output[MODEL]
    vae: Output[MODEL]
class DiffusionLoadLora(Node):
    model: Output[MODEL]
    clip: Output[MODEL]
class DiffusionLoadLoraModel(Node, Feeds[MODEL]):
    model: Output[MODEL]
class DiffusionSample(Node, Feeds[LATENT]):
    latent: Output[LATENT]
class DiffusionTextToImage(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class DiffusionVaeDecode(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class DiffusionVaeEncode(Node, Feeds[LATENT]):
    latent: Output[LATENT]
class ImageAffine(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class ImageAutoContrast(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class ImageBand(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class ImageBilateral(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
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
class ImageChannelMixer(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class ImageChannelSplit(Node):
    red: Output[MASK]
    green: Output[MASK]
    blue: Output[MASK]
class ImageCheckerboard(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class ImageChromaticAberration(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class ImageClahe(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class ImageColorBalance(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class ImageCompare(Node):
    mse: Output[FLOAT]
    psnr: Output[FLOAT]
    ssim: Output[FLOAT]
class ImageComposite(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class ImageCrop(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class ImageCropCenter(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class ImageCurves(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class ImageDenoise(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class ImageDither(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class ImageDrawShape(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class ImageDrawText(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class ImageEdges(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class ImageEmboss(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class ImageExposure(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class ImageFlip(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class ImageFromColorSpace(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class ImageGamma(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class ImageGlow(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class ImageGradient(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class ImageGradientMap(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class ImageGrain(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class ImageGrayscale(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class ImageHighPass(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class ImageHistogram(Node, Feeds[TENSOR]):
    tensor: Output[TENSOR]
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
class ImageLensDistortion(Node, Feeds[IMAGE]):
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
class ImageMatchColor(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class ImageMatchHistogram(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class ImageMedian(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class ImageMorphology(Node, Feeds[MASK]):
    mask: Output[MASK]
class ImageMotionBlur(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class ImageNoise(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class ImageOffset(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class ImagePad(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class ImagePalette(Node, Feeds[JSON]):
    colors: Output[JSON]
class ImagePerlin(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class ImagePerspective(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class ImagePixelate(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class ImagePosterize(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class ImagePreview(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class ImageQuantize(Node, Feeds[IMAGE]):
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
class ImageStatistics(Node):
    mean: Output[FLOAT]
    deviation: Output[FLOAT]
    minimum: Output[FLOAT]
    maximum: Output[FLOAT]
    entropy: Output[FLOAT]
class ImageThreshold(Node, Feeds[MASK]):
    mask: Output[MASK]
class ImageTile(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class ImageToColorSpace(Node, Feeds[TENSOR]):
    tensor: Output[TENSOR]
class ImageToneMap(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class ImageVibrance(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class ImageVignette(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class ImageWhiteBalance(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class MaskAgreement(Node):
    iou: Output[FLOAT]
    dice: Output[FLOAT]
class MaskArea(Node):
    share: Output[FLOAT]
    pixels: Output[FLOAT]
    x: Output[FLOAT]
    y: Output[FLOAT]
class MaskBounds(Node):
    x: Output[INT]
    y: Output[INT]
    width: Output[INT]
    height: Output[INT]
class MaskColorRange(Node, Feeds[MASK]):
    mask: Output[MASK]
class MaskCropTo(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class MaskCutOut(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class MaskDifferences(Node, Feeds[MASK]):
    mask: Output[MASK]
class MaskDistance(Node, Feeds[MASK]):
    mask: Output[MASK]
class MaskEllipse(Node, Feeds[MASK]):
    mask: Output[MASK]
class MaskFillHoles(Node, Feeds[MASK]):
    mask: Output[MASK]
class MaskHull(Node, Feeds[MASK]):
    mask: Output[MASK]
class MaskKeepLarge(Node, Feeds[MASK]):
    mask: Output[MASK]
class MaskLargest(Node, Feeds[MASK]):
    mask: Output[MASK]
class MaskLocalThreshold(Node, Feeds[MASK]):
    mask: Output[MASK]
class MaskOtsu(Node, Feeds[MASK]):
    mask: Output[MASK]
class MaskOutline(Node, Feeds[MASK]):
    mask: Output[MASK]
class MaskParts(Node, Feeds[LIST[MASK]]):
    mask: Output[LIST[MASK]]
class MaskPeaks(Node, Feeds[MASK]):
    mask: Output[MASK]
class MaskPolygon(Node, Feeds[MASK]):
    mask: Output[MASK]
class MaskRamp(Node, Feeds[MASK]):
    mask: Output[MASK]
class MaskRectangle(Node, Feeds[MASK]):
    mask: Output[MASK]
class MaskRegions(Node):
    labels: Output[TENSOR]
    number: Output[INT]
class ModelClassify(Node, Feeds[JSON]):
    classes: Output[JSON]
class ModelDescribe(Node, Feeds[JSON]):
    value: Output[JSON]
class ModelDetectSpeech(Node):
    segments: Output[JSON]
    probability: Output[TENSOR]
class ModelEmbedImage(Node, Feeds[TENSOR]):
    tensor: Output[TENSOR]
class ModelEmbedText(Node, Feeds[TENSOR]):
    tensor: Output[TENSOR]
class ModelLoad(Node, Feeds[MODEL]):
    model: Output[MODEL]
class ModelReadText(Node):
    text: Output[STRING]
    lines: Output[JSON]
    mask: Output[MASK]
class ModelRun(Node, Feeds[TENSOR]):
    tensor: Output[TENSOR]
class ModelRunAll(Node, Feeds[LIST[TENSOR]]):
    tensor: Output[LIST[TENSOR]]
class ModelSegment(Node):
    labels: Output[TENSOR]
    mask: Output[MASK]
class ModelWeight(Node, Feeds[TENSOR]):
    tensor: Output[TENSOR]
class PlotBar(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class PlotBox(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class PlotContour(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class PlotCurve(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class PlotHeatmap(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class PlotHistogram(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class PlotLine(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class PlotPie(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class PlotScatter(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class PlotSurface(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class PlotWaveform(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class TableAddIndex(Node, Feeds[TABLE]):
    table: Output[TABLE]
class TableAggregate(Node, Feeds[TABLE]):
    table: Output[TABLE]
class TableCast(Node, Feeds[TABLE]):
    table: Output[TABLE]
class TableCheck(Node, Feeds[TABLE]):
    table: Output[TABLE]
class TableColumn(Node, Feeds[JSON]):
    values: Output[JSON]
class TableCompute(Node, Feeds[TABLE]):
    table: Output[TABLE]
class TableConcat(Node, Feeds[TABLE]):
    table: Output[TABLE]
class TableDescribe(Node, Feeds[TABLE]):
    table: Output[TABLE]
class TableDistinct(Node, Feeds[TABLE]):
    table: Output[TABLE]
class TableDrop(Node, Feeds[TABLE]):
    table: Output[TABLE]
class TableDropNull(Node, Feeds[TABLE]):
    table: Output[TABLE]
class TableFillNull(Node, Feeds[TABLE]):
    table: Output[TABLE]
class TableFilter(Node, Feeds[TABLE]):
    table: Output[TABLE]
class TableFromJson(Node, Feeds[TABLE]):
    table: Output[TABLE]
class TableFromTensor(Node, Feeds[TABLE]):
    table: Output[TABLE]
class TableInfo(Node):
    rows: Output[INT]
    columns: Output[JSON]
    types: Output[JSON]
class TableJoin(Node, Feeds[TABLE]):
    table: Output[TABLE]
class TablePivot(Node, Feeds[TABLE]):
    table: Output[TABLE]
class TableReadArrow(Node, Feeds[TABLE]):
    table: Output[TABLE]
class TableReadCsv(Node, Feeds[TABLE]):
    table: Output[TABLE]
class TableReadJson(Node, Feeds[TABLE]):
    table: Output[TABLE]
class TableReadParquet(Node, Feeds[TABLE]):
    table: Output[TABLE]
class TableRename(Node, Feeds[TABLE]):
    table: Output[TABLE]
class TableSample(Node, Feeds[TABLE]):
    table: Output[TABLE]
class TableSelect(Node, Feeds[TABLE]):
    table: Output[TABLE]
class TableSlice(Node, Feeds[TABLE]):
    table: Output[TABLE]
class TableSort(Node, Feeds[TABLE]):
    table: Output[TABLE]
class TableSplit(Node):
    first: Output[TABLE]
    second: Output[TABLE]
class TableToJson(Node, Feeds[JSON]):
    rows: Output[JSON]
class TableToTensor(Node, Feeds[TENSOR]):
    tensor: Output[TENSOR]
class TableToText(Node, Feeds[STRING]):
    text: Output[STRING]
class TableUnpivot(Node, Feeds[TABLE]):
    table: Output[TABLE]
class TableValueCounts(Node, Feeds[TABLE]):
    table: Output[TABLE]
class TableWriteArrow(Node, Feeds[PATH]):
    path: Output[PATH]
class TableWriteCsv(Node, Feeds[PATH]):
    path: Output[PATH]
class TableWriteParquet(Node, Feeds[PATH]):
    path: Output[PATH]
class TensorArgExtreme(Node, Feeds[TENSOR]):
    tensor: Output[TENSOR]
class TensorArithmetic(Node, Feeds[TENSOR]):
    tensor: Output[TENSOR]
class TensorCast(Node, Feeds[TENSOR]):
    tensor: Output[TENSOR]
class TensorCholesky(Node, Feeds[TENSOR]):
    tensor: Output[TENSOR]
class TensorClamp(Node, Feeds[TENSOR]):
    tensor: Output[TENSOR]
class TensorClose(Node, Feeds[BOOL]):
    value: Output[BOOL]
class TensorCompare(Node, Feeds[TENSOR]):
    tensor: Output[TENSOR]
class TensorComplexParts(Node, Feeds[TENSOR]):
    tensor: Output[TENSOR]
class TensorConcat(Node, Feeds[TENSOR]):
    tensor: Output[TENSOR]
class TensorConvolve(Node, Feeds[TENSOR]):
    tensor: Output[TENSOR]
class TensorCoordinates(Node, Feeds[TENSOR]):
    tensor: Output[TENSOR]
class TensorCovariance(Node, Feeds[TENSOR]):
    tensor: Output[TENSOR]
class TensorCross(Node, Feeds[TENSOR]):
    tensor: Output[TENSOR]
class TensorCumulative(Node, Feeds[TENSOR]):
    tensor: Output[TENSOR]
class TensorDeterminant(Node, Feeds[TENSOR]):
    tensor: Output[TENSOR]
class TensorDiagonal(Node, Feeds[TENSOR]):
    tensor: Output[TENSOR]
class TensorDifference(Node, Feeds[TENSOR]):
    tensor: Output[TENSOR]
class TensorDistance(Node, Feeds[FLOAT]):
    value: Output[FLOAT]
class TensorEigen(Node):
    values: Output[TENSOR]
    vectors: Output[TENSOR]
class TensorFft(Node, Feeds[TENSOR]):
    tensor: Output[TENSOR]
class TensorFftShift(Node, Feeds[TENSOR]):
    tensor: Output[TENSOR]
class TensorFlip(Node, Feeds[TENSOR]):
    tensor: Output[TENSOR]
class TensorFrequencies(Node, Feeds[TENSOR]):
    tensor: Output[TENSOR]
class TensorFromJson(Node, Feeds[TENSOR]):
    tensor: Output[TENSOR]
class TensorFull(Node, Feeds[TENSOR]):
    tensor: Output[TENSOR]
class TensorFunction(Node, Feeds[TENSOR]):
    tensor: Output[TENSOR]
class TensorGradient(Node, Feeds[TENSOR]):
    tensor: Output[TENSOR]
class TensorHistogram(Node):
    counts: Output[TENSOR]
    edges: Output[TENSOR]
class TensorIdentity(Node, Feeds[TENSOR]):
    tensor: Output[TENSOR]
class TensorInfo(Node):
    shape: Output[JSON]
    elements: Output[INT]
    dtype: Output[STRING]
class TensorInterpolate(Node, Feeds[TENSOR]):
    tensor: Output[TENSOR]
class TensorInverse(Node, Feeds[TENSOR]):
    tensor: Output[TENSOR]
class TensorInverseRealFft(Node, Feeds[TENSOR]):
    tensor: Output[TENSOR]
class TensorItem(Node, Feeds[FLOAT]):
    value: Output[FLOAT]
class TensorKmeans(Node):
    labels: Output[TENSOR]
    centres: Output[TENSOR]
class TensorLinspace(Node, Feeds[TENSOR]):
    tensor: Output[TENSOR]
class TensorLoad(Node, Feeds[TENSOR]):
    tensor: Output[TENSOR]
class TensorLogic(Node, Feeds[TENSOR]):
    tensor: Output[TENSOR]
class TensorMatmul(Node, Feeds[TENSOR]):
    tensor: Output[TENSOR]
class TensorMovingAverage(Node, Feeds[TENSOR]):
    tensor: Output[TENSOR]
class TensorNorm(Node, Feeds[TENSOR]):
    tensor: Output[TENSOR]
class TensorNot(Node, Feeds[TENSOR]):
    tensor: Output[TENSOR]
class TensorOneHot(Node, Feeds[TENSOR]):
    tensor: Output[TENSOR]
class TensorOuter(Node, Feeds[TENSOR]):
    tensor: Output[TENSOR]
class TensorPad(Node, Feeds[TENSOR]):
    tensor: Output[TENSOR]
class TensorPairwiseDistance(Node, Feeds[TENSOR]):
    tensor: Output[TENSOR]
class TensorPca(Node):
    scores: Output[TENSOR]
    components: Output[TENSOR]
    variance: Output[TENSOR]
class TensorPermutation(Node, Feeds[TENSOR]):
    tensor: Output[TENSOR]
class TensorPermute(Node, Feeds[TENSOR]):
    tensor: Output[TENSOR]
class TensorQr(Node):
    q: Output[TENSOR]
    r: Output[TENSOR]
class TensorQuantile(Node, Feeds[TENSOR]):
    tensor: Output[TENSOR]
class TensorRandom(Node, Feeds[TENSOR]):
    tensor: Output[TENSOR]
class TensorRealFft(Node, Feeds[TENSOR]):
    tensor: Output[TENSOR]
class TensorReduce(Node, Feeds[TENSOR]):
    tensor: Output[TENSOR]
class TensorReplaceNonfinite(Node, Feeds[TENSOR]):
    tensor: Output[TENSOR]
class TensorResample(Node, Feeds[TENSOR]):
    tensor: Output[TENSOR]
class TensorRescale(Node, Feeds[TENSOR]):
    tensor: Output[TENSOR]
class TensorReshape(Node, Feeds[TENSOR]):
    tensor: Output[TENSOR]
class TensorRoll(Node, Feeds[TENSOR]):
    tensor: Output[TENSOR]
class TensorSave(Node, Feeds[PATH]):
    path: Output[PATH]
class TensorScaleShift(Node, Feeds[TENSOR]):
    tensor: Output[TENSOR]
class TensorSelectWhere(Node, Feeds[TENSOR]):
    tensor: Output[TENSOR]
class TensorSlice(Node, Feeds[TENSOR]):
    tensor: Output[TENSOR]
class TensorSoftmax(Node, Feeds[TENSOR]):
    tensor: Output[TENSOR]
class TensorSolve(Node, Feeds[TENSOR]):
    tensor: Output[TENSOR]
class TensorSort(Node):
    values: Output[TENSOR]
    indices: Output[TENSOR]
class TensorSplit(Node, Feeds[LIST[TENSOR]]):
    tensor: Output[LIST[TENSOR]]
class TensorSqueeze(Node, Feeds[TENSOR]):
    tensor: Output[TENSOR]
class TensorStack(Node, Feeds[TENSOR]):
    tensor: Output[TENSOR]
class TensorStandardize(Node, Feeds[TENSOR]):
    tensor: Output[TENSOR]
class TensorSvd(Node):
    u: Output[TENSOR]
    values: Output[TENSOR]
    vh: Output[TENSOR]
class TensorTake(Node, Feeds[TENSOR]):
    tensor: Output[TENSOR]
class TensorTile(Node, Feeds[TENSOR]):
    tensor: Output[TENSOR]
class TensorToImage(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class TensorToJson(Node, Feeds[JSON]):
    value: Output[JSON]
class TensorToMask(Node, Feeds[MASK]):
    mask: Output[MASK]
class TensorTopK(Node):
    values: Output[TENSOR]
    indices: Output[TENSOR]
class TensorTriangle(Node, Feeds[TENSOR]):
    tensor: Output[TENSOR]
class TensorUnique(Node):
    values: Output[TENSOR]
    counts: Output[TENSOR]
class TensorUnsqueeze(Node, Feeds[TENSOR]):
    tensor: Output[TENSOR]
class TensorWhere(Node, Feeds[TENSOR]):
    tensor: Output[TENSOR]
class TextCount(Node):
    characters: Output[INT]
    words: Output[INT]
    lines: Output[INT]
    bytes: Output[INT]
class TextDecode(Node, Feeds[STRING]):
    text: Output[STRING]
class TextDiff(Node, Feeds[STRING]):
    text: Output[STRING]
class TextDistance(Node):
    distance: Output[INT]
    similarity: Output[FLOAT]
class TextEncode(Node, Feeds[STRING]):
    text: Output[STRING]
class TextFindAll(Node, Feeds[JSON]):
    found: Output[JSON]
class TextFormatJson(Node, Feeds[STRING]):
    text: Output[STRING]
class TextHash(Node, Feeds[STRING]):
    digest: Output[STRING]
class TextJoin(Node, Feeds[STRING]):
    text: Output[STRING]
class TextLines(Node, Feeds[LIST[STRING]]):
    lines: Output[LIST[STRING]]
class TextLoad(Node, Feeds[STRING]):
    text: Output[STRING]
class TextMatch(Node):
    found: Output[BOOL]
    groups: Output[JSON]
class TextNormalize(Node, Feeds[STRING]):
    text: Output[STRING]
class TextPad(Node, Feeds[STRING]):
    text: Output[STRING]
class TextParseJson(Node, Feeds[JSON]):
    value: Output[JSON]
class TextParseNumber(Node, Feeds[FLOAT]):
    value: Output[FLOAT]
class TextRegexReplace(Node, Feeds[STRING]):
    text: Output[STRING]
class TextRegexSplit(Node, Feeds[JSON]):
    parts: Output[JSON]
class TextRepeat(Node, Feeds[STRING]):
    text: Output[STRING]
class TextSave(Node, Feeds[PATH]):
    path: Output[PATH]
class TextSlice(Node, Feeds[STRING]):
    text: Output[STRING]
class TextSlug(Node, Feeds[STRING]):
    text: Output[STRING]
class TextSplit(Node, Feeds[JSON]):
    parts: Output[JSON]
class TextStrip(Node, Feeds[STRING]):
    text: Output[STRING]
class TextTemplate(Node, Feeds[STRING]):
    text: Output[STRING]
class TextTest(Node, Feeds[BOOL]):
    value: Output[BOOL]
class TextWrap(Node, Feeds[STRING]):
    text: Output[STRING]
class VideoAverage(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class VideoChanges(Node, Feeds[TENSOR]):
    tensor: Output[TENSOR]
class VideoFrame(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class VideoInfo(Node):
    width: Output[INT]
    height: Output[INT]
    rate: Output[FLOAT]
    duration: Output[FLOAT]
    codec: Output[STRING]
    has_sound: Output[BOOL]
class VideoLoad(Node):
    image: Output[IMAGE]
    rate: Output[FLOAT]
class VideoRetime(Node, Feeds[IMAGE]):
    image: Output[IMAGE]
class VideoSave(Node, Feeds[PATH]):
    path: Output[PATH]
class VideoSaveAnimation(Node, Feeds[PATH]):
    path: Output[PATH]
class VideoSound(Node, Feeds[AUDIO]):
    audio: Output[AUDIO]
class AudioPack:
    def channel(
        self,
        *,
        audio: Fed[AUDIO],
        index: builtins.int | builtins.str | Fed[INT] = 0,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> AudioChannel:
        """One channel of several.

        Args:
            audio (AUDIO)
            index (INT 0 to 1023): Counted from 0.

        Outputs:
            audio (AUDIO)
        """
    def concat(
        self,
        *,
        sounds: Fed[AUDIO] | builtins.list[Fed[AUDIO]],
        gap: builtins.float | Fed[FLOAT] = 0.0,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> AudioConcat:
        """One sound after the other.

        Args:
            sounds (AUDIO)
            gap (FLOAT 0 to 86400 s): Silence between two.

        Outputs:
            audio (AUDIO)
        """
    def convolve(
        self,
        *,
        audio: Fed[AUDIO],
        response: Fed[AUDIO],
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> AudioConvolve:
        """A sound through the response of a room or a loudspeaker; as much longer as that is.

        Args:
            audio (AUDIO)
            response (AUDIO): What a room answers to a click, say; one channel, or as many.

        Outputs:
            audio (AUDIO)
        """
    def delay(
        self,
        *,
        audio: Fed[AUDIO],
        time: builtins.float | Fed[FLOAT] = 0.3,
        decay: builtins.float | Fed[FLOAT] = -6.0,
        echoes: builtins.int | builtins.str | Fed[INT] = 3,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> AudioDelay:
        """Add echoes, for which the sound becomes longer.

        Args:
            audio (AUDIO)
            time (FLOAT 0 to 86400 s): Between two echoes.
            decay (FLOAT -60 to 0 dB): Of each echo against the one before.
            echoes (INT 0 to 100)

        Outputs:
            audio (AUDIO)
        """
    def fade(
        self,
        *,
        audio: Fed[AUDIO],
        fade_in: builtins.float | Fed[FLOAT] = 0.0,
        fade_out: builtins.float | Fed[FLOAT] = 0.0,
        shape: Literal['linear', 'sine'] | Fed[STRING] = 'linear',
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> AudioFade:
        """Let a sound come out of silence and go back to it.

        Args:
            audio (AUDIO)
            fade_in (FLOAT 0 to 86400 s)
            fade_out (FLOAT 0 to 86400 s)
            shape (STRING): Sine: of equal power where two overlap.

        Outputs:
            audio (AUDIO)
        """
    def filter(
        self,
        *,
        audio: Fed[AUDIO],
        kind: Literal['lowpass', 'highpass', 'bandpass', 'bandstop'] | Fed[STRING] = 'lowpass',
        frequency: builtins.float | Fed[FLOAT] = 1000.0,
        high: builtins.float | Fed[FLOAT] = 2000.0,
        order: builtins.int | builtins.str | Fed[INT] = 4,
        both_ways: builtins.bool | Fed[BOOL] = False,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> AudioFilter:
        """Let a part of the frequencies pass, by Butterworth's filter.

        Args:
            audio (AUDIO)
            kind (STRING)
            frequency (FLOAT 0.001 to 500000 Hz): Where 3 dB are lost; the lower of a band.
            high (FLOAT 0.001 to 500000 Hz): Upper end of a band.
            order (INT 1 to 16): 6 dB an octave each.
            both_ways (BOOL): Once more backwards: no delay, twice the order.

        Outputs:
            audio (AUDIO)
        """
    def from_tensor(
        self,
        *,
        tensor: Fed[TENSOR],
        rate: builtins.int | builtins.str | Fed[INT] = 44100,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> AudioFromTensor:
        """Use a tensor as a sound.

        Args:
            tensor (TENSOR): (frame) or (channel, frame), full scale is −1..1.
            rate (INT 100 to 1e+06 Hz): Frames a second.

        Outputs:
            audio (AUDIO)
        """
    def gain(
        self,
        *,
        audio: Fed[AUDIO],
        decibels: builtins.float | Fed[FLOAT] = 0.0,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> AudioGain:
        """Make louder or softer; nothing is clipped here.

        Args:
            audio (AUDIO)
            decibels (FLOAT -200 to 100 dB)

        Outputs:
            audio (AUDIO)
        """
    def info(
        self,
        *,
        audio: Fed[AUDIO],
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> AudioInfo:
        """Tell how long a sound is, its rate and its channels.

        Args:
            audio (AUDIO)

        Outputs:
            duration (FLOAT): In seconds.
            rate (INT): Frames a second.
            channels (INT)
            frames (INT)
        """
    def limit(
        self,
        *,
        audio: Fed[AUDIO],
        threshold: builtins.float | Fed[FLOAT] = -1.0,
        shape: Literal['hard', 'soft'] | Fed[STRING] = 'hard',
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> AudioLimit:
        """Keep every sample within a level.

        Args:
            audio (AUDIO)
            threshold (FLOAT -60 to 0): In dB of full scale.
            shape (STRING): Soft bends (tanh) where hard cuts.

        Outputs:
            audio (AUDIO)
        """
    def load(
        self,
        *,
        path: builtins.str | PathLike[builtins.str] | Fed[PATH],
        start: builtins.float | Fed[FLOAT] = 0.0,
        duration: builtins.float | Fed[FLOAT] = 0.0,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> AudioLoad:
        """Read a sound, or a part of it, from a file.

        Args:
            path (PATH): WAV, FLAC, OGG, MP3, AIFF or what else libsndfile reads.
            start (FLOAT 0 to 86400 s): Where to begin.
            duration (FLOAT 0 to 86400 s): How much at most; 0 reads to the end.

        Outputs:
            audio (AUDIO)
        """
    def measure(
        self,
        *,
        audio: Fed[AUDIO],
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> AudioMeasure:
        """How loud a sound is, over all channels and its whole length.

        Args:
            audio (AUDIO)

        Outputs:
            peak (FLOAT): In dB of full scale; −200 is silence.
            rms (FLOAT): In dB of full scale; a full sine has −3.01.
            clipped (INT): Samples at or beyond full scale.
        """
    def mel(
        self,
        *,
        audio: Fed[AUDIO],
        bands: builtins.int | builtins.str | Fed[INT] = 80,
        window: builtins.int | builtins.str | Fed[INT] = 1024,
        hop: builtins.int | builtins.str | Fed[INT] = 256,
        low: builtins.float | Fed[FLOAT] = 0.0,
        high: builtins.float | Fed[FLOAT] = 0.0,
        scale: Literal['magnitude', 'power', 'decibels'] | Fed[STRING] = 'power',
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> AudioMel:
        """Power by (channel, mel band, time); bands of equal area.

        Source: M. Slaney, Auditory Toolbox, Technical Report 1998-010.

        Args:
            audio (AUDIO)
            bands (INT 1 to 512)
            window (INT 16 to 65536): Frames of each spectrum.
            hop (INT 1 to 65536): Frames from one to the next.
            low (FLOAT 0 to 500000 Hz)
            high (FLOAT 0 to 500000 Hz): 0 is half the rate.
            scale (STRING)

        Outputs:
            tensor (TENSOR)
        """
    def merge(
        self,
        *,
        sounds: Fed[AUDIO] | builtins.list[Fed[AUDIO]],
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> AudioMerge:
        """The channels of all sounds in one; the shorter ones end in silence.

        Args:
            sounds (AUDIO)

        Outputs:
            audio (AUDIO)
        """
    def mfcc(
        self,
        *,
        audio: Fed[AUDIO],
        coefficients: builtins.int | builtins.str | Fed[INT] = 13,
        bands: builtins.int | builtins.str | Fed[INT] = 40,
        window: builtins.int | builtins.str | Fed[INT] = 1024,
        hop: builtins.int | builtins.str | Fed[INT] = 256,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> AudioMfcc:
        """Cepstral coefficients of the mel spectrogram in dB, by (channel, coefficient, time).

        Args:
            audio (AUDIO)
            coefficients (INT 1 to 128)
            bands (INT 1 to 512)
            window (INT 16 to 65536): Frames of each spectrum.
            hop (INT 1 to 65536): Frames from one to the next.

        Outputs:
            tensor (TENSOR)
        """
    def mix(
        self,
        *,
        sounds: Fed[AUDIO] | builtins.list[Fed[AUDIO]],
        gains: Any = ...,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> AudioMix:
        """Play several sounds at once; as long as the longest. Nothing is clipped here.

        Args:
            sounds (AUDIO)
            gains (JSON): One in dB for each sound; empty leaves all as they are.

        Outputs:
            audio (AUDIO)
        """
    def noise(
        self,
        *,
        duration: builtins.float | Fed[FLOAT] = 1.0,
        color: Literal['white', 'pink', 'brown'] | Fed[STRING] = 'white',
        amplitude: builtins.float | Fed[FLOAT] = 0.5,
        rate: builtins.int | builtins.str | Fed[INT] = 44100,
        seed: builtins.int | builtins.str | Fed[INT] = 0,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> AudioNoise:
        """Noise whose power falls with the frequency, or does not.

        Args:
            duration (FLOAT 0 to 86400 s)
            color (STRING): Pink falls by 3 dB an octave, brown by 6.
            amplitude (FLOAT 0 to 1): Of the greatest sample.
            rate (INT 100 to 1e+06 Hz): Frames a second.
            seed (INT 0 to 1.84467e+19): The same seed gives the same result, on every device.

        Outputs:
            audio (AUDIO)
        """
    def normalize(
        self,
        *,
        audio: Fed[AUDIO],
        level: builtins.float | Fed[FLOAT] = -1.0,
        by: Literal['peak', 'rms'] | Fed[STRING] = 'peak',
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> AudioNormalize:
        """Bring the whole sound to a level; silence stays as it is.

        Args:
            audio (AUDIO)
            level (FLOAT -100 to 0): In dB of full scale.
            by (STRING)

        Outputs:
            audio (AUDIO)
        """
    def pad(
        self,
        *,
        audio: Fed[AUDIO],
        before: builtins.float | Fed[FLOAT] = 0.0,
        after: builtins.float | Fed[FLOAT] = 0.0,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> AudioPad:
        """Add silence before and after.

        Args:
            audio (AUDIO)
            before (FLOAT 0 to 86400 s): Silence before.
            after (FLOAT 0 to 86400 s): And after.

        Outputs:
            audio (AUDIO)
        """
    def pan(
        self,
        *,
        audio: Fed[AUDIO],
        position: builtins.float | Fed[FLOAT] = 0.0,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> AudioPan:
        """Place a sound between left and right, equally loud everywhere.

        Args:
            audio (AUDIO)
            position (FLOAT -1 to 1): −1 is left, 1 is right.

        Outputs:
            audio (AUDIO)
        """
    def pitch(
        self,
        *,
        audio: Fed[AUDIO],
        low: builtins.float | Fed[FLOAT] = 60.0,
        high: builtins.float | Fed[FLOAT] = 1000.0,
        window: builtins.int | builtins.str | Fed[INT] = 2048,
        hop: builtins.int | builtins.str | Fed[INT] = 512,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> AudioPitch:
        """Frequency of the voice in Hz for each hop of the first channel; 0 where there is none.

        Source: by the autocorrelation of each window, divided by that of its window (P. Boersma, 1993).

        Args:
            audio (AUDIO)
            low (FLOAT 20 to 20000 Hz)
            high (FLOAT 20 to 20000 Hz)
            window (INT 16 to 65536): Frames of each spectrum.
            hop (INT 1 to 65536): Frames from one to the next.

        Outputs:
            tensor (TENSOR)
        """
    def preemphasis(
        self,
        *,
        audio: Fed[AUDIO],
        amount: builtins.float | Fed[FLOAT] = 0.97,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> AudioPreemphasis:
        """Each sample minus a share of the one before: brings out what is high, for speech.

        Args:
            audio (AUDIO)
            amount (FLOAT 0 to 1)

        Outputs:
            audio (AUDIO)
        """
    def resample(
        self,
        *,
        audio: Fed[AUDIO],
        rate: builtins.int | builtins.str | Fed[INT] = 16000,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> AudioResample:
        """The same sound at another rate; what that rate cannot hold is filtered out before.

        Args:
            audio (AUDIO)
            rate (INT 100 to 1e+06 Hz): Frames a second.

        Outputs:
            audio (AUDIO)
        """
    def reverse(
        self,
        *,
        audio: Fed[AUDIO],
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> AudioReverse:
        """Play it backwards.

        Args:
            audio (AUDIO)

        Outputs:
            audio (AUDIO)
        """
    def save(
        self,
        *,
        audio: Fed[AUDIO],
        filename: builtins.str | Fed[STRING] = 'sound.wav',
        bits: Literal['16', '24', 'float'] | Fed[STRING] = '16',
        overwrite: builtins.bool | Fed[BOOL] = False,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> AudioSave:
        """Write a sound to a file; what is beyond −1..1 is clipped, unless samples are float.

        Args:
            audio (AUDIO)
            filename (STRING): Ends in .wav, .flac, .ogg, .mp3 or .aiff; within the execution's output folder.
            bits (STRING): Of each sample, in WAV; FLAC and AIFF have no float.
            overwrite (BOOL): Replace a file of that name; else the new one gets a number.

        Outputs:
            path (PATH)
        """
    def silence(
        self,
        *,
        duration: builtins.float | Fed[FLOAT] = 1.0,
        rate: builtins.int | builtins.str | Fed[INT] = 44100,
        channels: builtins.int | builtins.str | Fed[INT] = 1,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> AudioSilence:
        """Nothing to be heard.

        Args:
            duration (FLOAT 0 to 86400 s)
            rate (INT 100 to 1e+06 Hz): Frames a second.
            channels (INT 1 to 64)

        Outputs:
            audio (AUDIO)
        """
    def spectrogram(
        self,
        *,
        audio: Fed[AUDIO],
        window: builtins.int | builtins.str | Fed[INT] = 1024,
        hop: builtins.int | builtins.str | Fed[INT] = 256,
        scale: Literal['magnitude', 'power', 'decibels'] | Fed[STRING] = 'magnitude',
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> AudioSpectrogram:
        """Strength by (channel, frequency, time): Hann windows around each hop, zeros beyond the ends.

        Args:
            audio (AUDIO)
            window (INT 16 to 65536): Frames of each spectrum.
            hop (INT 1 to 65536): Frames from one to the next.
            scale (STRING)

        Outputs:
            tensor (TENSOR)
        """
    def spectrogram_image(
        self,
        *,
        audio: Fed[AUDIO],
        window: builtins.int | builtins.str | Fed[INT] = 1024,
        hop: builtins.int | builtins.str | Fed[INT] = 256,
        range: builtins.float | Fed[FLOAT] = 80.0,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> AudioSpectrogramImage:
        """A grey picture of the first channel: time to the right, frequency upwards.

        Args:
            audio (AUDIO)
            window (INT 16 to 65536): Frames of each spectrum.
            hop (INT 1 to 65536): Frames from one to the next.
            range (FLOAT 1 to 200 dB): From white down to black.

        Outputs:
            image (IMAGE)
        """
    def speed(
        self,
        *,
        audio: Fed[AUDIO],
        factor: builtins.float | Fed[FLOAT] = 1.0,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> AudioSpeed:
        """Play faster or slower, which changes the pitch too.

        Args:
            audio (AUDIO)
            factor (FLOAT 0.1 to 10): 2 takes half the time, an octave higher.

        Outputs:
            audio (AUDIO)
        """
    def to_mono(
        self,
        *,
        audio: Fed[AUDIO],
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> AudioToMono:
        """The mean of all channels.

        Args:
            audio (AUDIO)

        Outputs:
            audio (AUDIO)
        """
    def to_tensor(
        self,
        *,
        audio: Fed[AUDIO],
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> AudioToTensor:
        """The samples as float32 of shape (channel, frame).

        Args:
            audio (AUDIO)

        Outputs:
            tensor (TENSOR)
        """
    def tone(
        self,
        *,
        frequency: builtins.float | Fed[FLOAT] = 440.0,
        duration: builtins.float | Fed[FLOAT] = 1.0,
        wave: Literal['sine', 'square', 'saw', 'triangle'] | Fed[STRING] = 'sine',
        amplitude: builtins.float | Fed[FLOAT] = 0.5,
        rate: builtins.int | builtins.str | Fed[INT] = 44100,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> AudioTone:
        """A wave of one frequency.

        Args:
            frequency (FLOAT 0 to 500000 Hz)
            duration (FLOAT 0 to 86400 s)
            wave (STRING)
            amplitude (FLOAT 0 to 1)
            rate (INT 100 to 1e+06 Hz): Frames a second.

        Outputs:
            audio (AUDIO)
        """
    def trim(
        self,
        *,
        audio: Fed[AUDIO],
        start: builtins.float | Fed[FLOAT] = 0.0,
        duration: builtins.float | Fed[FLOAT] = 0.0,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> AudioTrim:
        """Keep a part of a sound.

        Args:
            audio (AUDIO)
            start (FLOAT 0 to 86400 s): What is before is cut off.
            duration (FLOAT 0 to 86400 s): How much stays; 0 goes to the end.

        Outputs:
            audio (AUDIO)
        """
    def trim_silence(
        self,
        *,
        audio: Fed[AUDIO],
        threshold: builtins.float | Fed[FLOAT] = -50.0,
        margin: builtins.float | Fed[FLOAT] = 0.05,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> AudioTrimSilence:
        """Cut silence off at both ends; of nothing but silence nothing is left.

        Args:
            audio (AUDIO)
            threshold (FLOAT -120 to 0 dB): What is softer counts as silence.
            margin (FLOAT 0 to 86400 s): How much silence stays at either end.

        Outputs:
            audio (AUDIO)
        """

class BatchPack:
    def from_list(
        self,
        *,
        images: Fed[IMAGE],
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> BatchFromList:
        """One batch of a list of pictures.

        Args:
            images (LIST[IMAGE])

        Outputs:
            image (IMAGE)
        """
    def grid(
        self,
        *,
        image: Fed[IMAGE],
        columns: builtins.int | builtins.str | Fed[INT] = 0,
        gap: builtins.int | builtins.str | Fed[INT] = 0,
        color: builtins.str | Fed[STRING] = '#000000',
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> BatchGrid:
        """All pictures of a batch in rows on one.

        Args:
            image (IMAGE)
            columns (INT 0 to 1000): 0: about as many as rows.
            gap (INT 0 to 1000 px)
            color (STRING): Of gaps and empty places, as #rrggbb.

        Outputs:
            image (IMAGE)
        """
    def items(
        self,
        *,
        image: Fed[IMAGE],
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> BatchItems:
        """The pictures of a batch one by one: what takes an image runs once for each.

        Args:
            image (IMAGE)

        Outputs:
            image (LIST[IMAGE])
        """
    def join(
        self,
        *,
        images: Fed[IMAGE] | builtins.list[Fed[IMAGE]],
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> BatchJoin:
        """One batch of all pictures, in the order of the edges.

        Args:
            images (IMAGE): Of one size and number of channels.

        Outputs:
            image (IMAGE)
        """
    def repeat(
        self,
        *,
        image: Fed[IMAGE],
        count: builtins.int | builtins.str | Fed[INT] = 2,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> BatchRepeat:
        """The whole batch several times.

        Args:
            image (IMAGE)
            count (INT 1 to 10000)

        Outputs:
            image (IMAGE)
        """
    def select(
        self,
        *,
        image: Fed[IMAGE],
        indices: Any = ...,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> BatchSelect:
        """Some pictures of a batch, in that order.

        Args:
            image (IMAGE)
            indices (JSON): Such as [0, -1]; below 0 counts from the end.

        Outputs:
            image (IMAGE)
        """
    def side_by_side(
        self,
        *,
        images: Fed[IMAGE] | builtins.list[Fed[IMAGE]],
        direction: Literal['right', 'down'] | Fed[STRING] = 'right',
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> BatchSideBySide:
        """Pictures beside or below each other; all as high, or as wide, as the first.

        Args:
            images (IMAGE)
            direction (STRING)

        Outputs:
            image (IMAGE)
        """

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
    def after(
        self,
        *,
        value: Fed[Any],
        others: Fed[Any] | builtins.list[Fed[Any]],
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> CoreAfter:
        """Pass a value on once other nodes are done.

        Args:
            value (ANY)
            others (ANY): What has to be done first; not used otherwise.

        Outputs:
            out (ANY)
        """
    def assert_(
        self,
        *,
        value: Fed[Any],
        condition: builtins.bool | Fed[BOOL] = True,
        message: builtins.str | Fed[STRING] = 'the condition does not hold',
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> CoreAssert:
        """Pass a value on if a condition holds; fail if not.

        Args:
            value (ANY)
            condition (BOOL): Connect a comparison.
            message (STRING): What the error says; {value} is the value.

        Outputs:
            out (ANY)
        """
    def barrier(
        self,
        *,
        value: Fed[Any],
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> CoreBarrier:
        """Pass a value on, and let all that comes after run anew every time.

        Args:
            value (ANY)

        Outputs:
            out (ANY)
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
    def filter_list(
        self,
        *,
        items: Fed[Any],
        keep: Fed[BOOL],
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> CoreFilterList:
        """The items for which a condition holds.

        Args:
            items (LIST[ANY])
            keep (LIST[BOOL]): One for each item.

        Outputs:
            out (LIST[ANY])
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
    def fold(
        self,
        *,
        items: Fed[FLOAT],
        expression: builtins.str | Fed[STRING] = 'a + b',
        start: builtins.float | Fed[FLOAT] = 0.0,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> CoreFold:
        """Go through a list of numbers, and make one value by a formula.

        Args:
            items (LIST[FLOAT])
            expression (STRING): Of a, what came so far, and b, the next item.
            start (FLOAT -1e+300 to 1e+300)

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
    def gather(
        self,
        *,
        values: Fed[Any] | builtins.list[Fed[Any]],
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> CoreGather:
        """A list of all that is connected: what takes such a value runs once for each.

        Args:
            values (ANY): In the order of the edges.

        Outputs:
            out (LIST[ANY])
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
    def item_at(
        self,
        *,
        items: Fed[Any],
        index: builtins.int | builtins.str | Fed[INT] = 0,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> CoreItemAt:
        """One item of a list.

        Args:
            items (LIST[ANY])
            index (INT -2.14748e+09 to 2.14748e+09): Counted from 0; below 0 from the end.

        Outputs:
            out (ANY)
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
    def join_lists(
        self,
        *,
        first: Fed[Any],
        second: Fed[Any],
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> CoreJoinLists:
        """The items of one list, then those of another.

        Args:
            first (LIST[ANY])
            second (LIST[ANY])

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
    def merge_json(
        self,
        *,
        first: Fed[JSON],
        second: Fed[JSON],
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> CoreMergeJson:
        """Two objects in one; where both have a name the second one's value counts, objects within are merged too.

        Args:
            first (JSON)
            second (JSON)

        Outputs:
            value (JSON)
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
    def now(
        self,
        *,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> CoreNow:
        """What the clock says when the node runs.

        Outputs:
            seconds (FLOAT): Since 1970 in UTC.
            text (STRING): ISO 8601, in UTC.
        """
    def pairs(
        self,
        *,
        first: Fed[FLOAT],
        second: Fed[FLOAT],
        operation: Literal['add', 'subtract', 'multiply', 'minimum', 'maximum'] | Fed[STRING] = 'add',
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> CorePairs:
        """Number by number of two lists of one length.

        Args:
            first (LIST[FLOAT])
            second (LIST[FLOAT])
            operation (STRING)

        Outputs:
            out (LIST[FLOAT])
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
    def reduce(
        self,
        *,
        items: Fed[FLOAT],
        operation: Literal['sum', 'product', 'minimum', 'maximum', 'mean', 'median', 'deviation', 'range'] | Fed[STRING] = 'sum',
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> CoreReduce:
        """One number of a list of numbers.

        Args:
            items (LIST[FLOAT])
            operation (STRING): Deviation: of all, not of a sample.

        Outputs:
            value (FLOAT)
        """
    def reduce_tensors(
        self,
        *,
        items: Fed[TENSOR],
        operation: Literal['mean', 'sum', 'product', 'minimum', 'maximum'] | Fed[STRING] = 'mean',
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> CoreReduceTensors:
        """One tensor of a list of such of one shape, element by element.

        Args:
            items (LIST[TENSOR])
            operation (STRING)

        Outputs:
            tensor (TENSOR)
        """
    def repeat(
        self,
        *,
        value: Fed[Any],
        count: builtins.int | builtins.str | Fed[INT] = 2,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> CoreRepeat:
        """A list in which a value stands several times.

        Args:
            value (ANY)
            count (INT 0 to 100000)

        Outputs:
            out (LIST[ANY])
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
    def reverse_list(
        self,
        *,
        items: Fed[Any],
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> CoreReverseList:
        """The items in reverse order.

        Args:
            items (LIST[ANY])

        Outputs:
            out (LIST[ANY])
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
    def set_key(
        self,
        *,
        value: Fed[JSON],
        json: Fed[JSON] | None = None,
        key: builtins.str | Fed[STRING] = 'key',
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> CoreSetKey:
        """Put a value into an object under a name.

        Args:
            value (JSON)
            json (JSON): An object; none begins one.
            key (STRING)

        Outputs:
            value (JSON)
        """
    def shuffle_list(
        self,
        *,
        items: Fed[Any],
        seed: builtins.int | builtins.str | Fed[INT] = 0,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> CoreShuffleList:
        """The items in random order.

        Args:
            items (LIST[ANY])
            seed (INT 0 to 1.84467e+19): The same seed gives the same result, on every device.

        Outputs:
            out (LIST[ANY])
        """
    def slice_list(
        self,
        *,
        items: Fed[Any],
        start: builtins.int | builtins.str | Fed[INT] = 0,
        stop: builtins.int | builtins.str | Fed[INT] | None = None,
        step: builtins.int | builtins.str | Fed[INT] = 1,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> CoreSliceList:
        """Some items of a list, by Python's rules.

        Args:
            items (LIST[ANY])
            start (INT -2.14748e+09 to 2.14748e+09)
            stop (INT -2.14748e+09 to 2.14748e+09): The first that is not taken; none goes to the end.
            step (INT 1 to 2.14748e+09)

        Outputs:
            out (LIST[ANY])
        """
    def sort_list(
        self,
        *,
        items: Fed[Any],
        descending: builtins.bool | Fed[BOOL] = False,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> CoreSortList:
        """Numbers, or texts, in order; equal ones keep theirs.

        Args:
            items (LIST[ANY])
            descending (BOOL)

        Outputs:
            out (LIST[ANY])
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
    def timer(
        self,
        *,
        value: Fed[Any],
        since: builtins.float | Fed[FLOAT] = 0.0,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> CoreTimer:
        """Pass a value on, and tell how long ago a moment was: how long what lies between took.

        Args:
            value (ANY)
            since (FLOAT 0 to 1e+12): Seconds of core.now, before.

        Outputs:
            out (ANY)
            seconds (FLOAT): Since the moment.
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
    def wait(
        self,
        *,
        value: Fed[Any],
        seconds: builtins.float | Fed[FLOAT] = 1.0,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> CoreWait:
        """Pass a value on after a while.

        Args:
            value (ANY)
            seconds (FLOAT 0 to 86400 s)

        Outputs:
            out (ANY)
        """

class DiffusionPack:
    def apply_controlnet(
        self,
        *,
        conditioning: Fed[CONDITIONING],
        control_net: Fed[MODEL],
        image: Fed[IMAGE],
        strength: builtins.float | Fed[FLOAT] = 1.0,
        start_percent: builtins.float | Fed[FLOAT] = 0.0,
        end_percent: builtins.float | Fed[FLOAT] = 1.0,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> DiffusionApplyControlnet:
        """Let a picture steer what is painted; several do so together.

        Args:
            conditioning (CONDITIONING): The positive one; what steers it steers the negative one too.
            control_net (MODEL)
            image (IMAGE): What the ControlNet was trained on: edges, depth, poses, … One, or one a picture.
            strength (FLOAT 0 to 10)
            start_percent (FLOAT 0 to 1): Share of the steps before it begins.
            end_percent (FLOAT 0 to 1): Share of the steps after which it ends.

        Outputs:
            conditioning (CONDITIONING)
        """
    def empty_latent(
        self,
        *,
        width: builtins.int | builtins.str | Fed[INT] = 512,
        height: builtins.int | builtins.str | Fed[INT] = 512,
        batch_size: builtins.int | builtins.str | Fed[INT] = 1,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> DiffusionEmptyLatent:
        """Where a sampler begins that makes pictures out of nothing: tells their size and number.

        Args:
            width (INT 16 to 16384 px): A multiple of 8.
            height (INT 16 to 16384 px): A multiple of 8.
            batch_size (INT 1 to 4096): How many pictures.

        Outputs:
            latent (LATENT)
        """
    def encode_prompt(
        self,
        *,
        clip: Fed[MODEL],
        text: builtins.str | Fed[STRING] = '',
        clip_skip: builtins.int | builtins.str | Fed[INT] = 0,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> DiffusionEncodePrompt:
        """Turn a text into what steers the sampler.

        Args:
            clip (MODEL)
            text (STRING): 77 tokens at most; the rest is cut off. Brackets are no weights.
            clip_skip (INT 0 to 11): How many of the last layers are left out.

        Outputs:
            conditioning (CONDITIONING)
        """
    def image_to_image(
        self,
        *,
        image: Fed[IMAGE],
        model: Fed[MODEL],
        clip: Fed[MODEL],
        vae: Fed[MODEL],
        prompt: builtins.str | Fed[STRING] = '',
        negative_prompt: builtins.str | Fed[STRING] = '',
        seed: builtins.int | builtins.str | Fed[INT] = 0,
        steps: builtins.int | builtins.str | Fed[INT] = 20,
        cfg: builtins.float | Fed[FLOAT] = 7.0,
        sampler_name: Literal['default', 'euler', 'euler_ancestral', 'heun', 'dpm_2', 'dpm_2_ancestral', 'lms', 'dpmpp_2s', 'dpmpp_2m', 'dpmpp_2m_sde', 'ddim', 'ddpm', 'deis', 'uni_pc', 'pndm', 'lcm'] | Fed[STRING] = 'default',
        scheduler: Literal['normal', 'karras', 'exponential', 'beta', 'sgm_uniform'] | Fed[STRING] = 'normal',
        denoise: builtins.float | Fed[FLOAT] = 0.6,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> DiffusionImageToImage:
        """Paint a picture over as a text says.

        Args:
            image (IMAGE): Both sides multiples of 8.
            model (MODEL)
            clip (MODEL)
            vae (MODEL)
            prompt (STRING): What to paint.
            negative_prompt (STRING): What not to.
            seed (INT 0 to 1.84467e+19): The same seed gives the same result, on every device.
            steps (INT 1 to 1000): How many are really done, also where denoise is below 1.
            cfg (FLOAT 0 to 100): How closely to follow the prompt; 1 leaves the negative out.
            sampler_name (STRING): default is the checkpoint's own.
            scheduler (STRING): How much noise is left when; not every sampler has each.
            denoise (FLOAT 0 to 1): 1 makes pictures anew, 0 leaves them as they are.

        Outputs:
            image (IMAGE)
        """
    def inpaint(
        self,
        *,
        model: Fed[MODEL],
        vae: Fed[MODEL],
        positive: Fed[CONDITIONING],
        negative: Fed[CONDITIONING],
        image: Fed[IMAGE],
        mask: Fed[MASK],
        seed: builtins.int | builtins.str | Fed[INT] = 0,
        steps: builtins.int | builtins.str | Fed[INT] = 20,
        cfg: builtins.float | Fed[FLOAT] = 7.0,
        sampler_name: Literal['default', 'euler', 'euler_ancestral', 'heun', 'dpm_2', 'dpm_2_ancestral', 'lms', 'dpmpp_2s', 'dpmpp_2m', 'dpmpp_2m_sde', 'ddim', 'ddpm', 'deis', 'uni_pc', 'pndm', 'lcm'] | Fed[STRING] = 'default',
        scheduler: Literal['normal', 'karras', 'exponential', 'beta', 'sgm_uniform'] | Fed[STRING] = 'normal',
        denoise: builtins.float | Fed[FLOAT] = 1.0,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> DiffusionInpaint:
        """Paint something new into a part of a picture, to be decoded with the same autoencoder.

        Args:
            model (MODEL): One made for inpainting, which sees what is around; any other does it less well.
            vae (MODEL)
            positive (CONDITIONING): What to paint.
            negative (CONDITIONING): What not to.
            image (IMAGE): Both sides multiples of 8.
            mask (MASK): From 0.5 on something new is painted.
            seed (INT 0 to 1.84467e+19): The same seed gives the same result, on every device.
            steps (INT 1 to 1000): How many are really done, also where denoise is below 1.
            cfg (FLOAT 0 to 100): How closely to follow the prompt; 1 leaves the negative out.
            sampler_name (STRING): default is the checkpoint's own.
            scheduler (STRING): How much noise is left when; not every sampler has each.
            denoise (FLOAT 0 to 1): 1 makes pictures anew, 0 leaves them as they are.

        Outputs:
            latent (LATENT)
        """
    def load_checkpoint(
        self,
        *,
        path: builtins.str | PathLike[builtins.str] | Fed[PATH],
        config: builtins.str | PathLike[builtins.str] | Fed[PATH],
        sha256: builtins.str | Fed[STRING] = '',
        dtype: Literal['auto', 'float32', 'float16', 'bfloat16'] | Fed[STRING] = 'auto',
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> DiffusionLoadCheckpoint:
        """Name the parts of a Stable Diffusion checkpoint; the nodes that use them load them, once a worker.

        Args:
            path (PATH): One .safetensors file with all parts, under their original names.
            config (PATH): A pipeline folder of the same architecture: its configurations and vocabularies; weights may lack.
            sha256 (STRING): What the file must have, in hexadecimal; empty takes it as it is.
            dtype (STRING): auto: float16 on a GPU, float32 on the CPU.

        Outputs:
            model (MODEL): The UNet, for samplers.
            clip (MODEL): Tokenizers and text encoders, for prompts.
            vae (MODEL): Between pictures and latents.
        """
    def load_controlnet(
        self,
        *,
        folder: builtins.str | PathLike[builtins.str] | Fed[PATH],
        sha256: builtins.str | Fed[STRING] = '',
        dtype: Literal['auto', 'float32', 'float16', 'bfloat16'] | Fed[STRING] = 'auto',
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> DiffusionLoadControlnet:
        """Name a ControlNet, which lets a picture steer another; the sampler loads it, once a worker.

        Args:
            folder (PATH): config.json, and diffusion_pytorch_model.safetensors.
            sha256 (STRING): Of its weights; empty takes them as they are.
            dtype (STRING): auto: float16 on a GPU, float32 on the CPU.

        Outputs:
            control_net (MODEL)
        """
    def load_folder(
        self,
        *,
        folder: builtins.str | PathLike[builtins.str] | Fed[PATH],
        sha256: builtins.str | Fed[STRING] = '',
        dtype: Literal['auto', 'float32', 'float16', 'bfloat16'] | Fed[STRING] = 'auto',
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> DiffusionLoadFolder:
        """Name the parts of a Stable Diffusion pipeline in a folder; the nodes that use them load them, once a worker.

        Args:
            folder (PATH): A pipeline as diffusers saves it, with model_index.json; safetensors only.
            sha256 (STRING): Of the lines that sha256sum prints for its files, sorted by name; empty takes them as they are.
            dtype (STRING): auto: float16 on a GPU, float32 on the CPU.

        Outputs:
            model (MODEL): The UNet, for samplers.
            clip (MODEL): Tokenizers and text encoders, for prompts.
            vae (MODEL): Between pictures and latents.
        """
    def load_lora(
        self,
        *,
        model: Fed[MODEL],
        clip: Fed[MODEL],
        path: builtins.str | PathLike[builtins.str] | Fed[PATH],
        strength_model: builtins.float | Fed[FLOAT] = 1.0,
        strength_clip: builtins.float | Fed[FLOAT] = 1.0,
        sha256: builtins.str | Fed[STRING] = '',
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> DiffusionLoadLora:
        """Change a model and its text encoder by LoRA weights; several change it one after the other.

        Args:
            model (MODEL)
            clip (MODEL)
            path (PATH): A .safetensors file of LoRA weights.
            strength_model (FLOAT -20 to 20): 1 as it was trained, 0 not at all.
            strength_clip (FLOAT -20 to 20): 1 as it was trained, 0 not at all.
            sha256 (STRING): What the file must have, in hexadecimal; empty takes it as it is.

        Outputs:
            model (MODEL)
            clip (MODEL)
        """
    def load_lora_model(
        self,
        *,
        model: Fed[MODEL],
        path: builtins.str | PathLike[builtins.str] | Fed[PATH],
        strength_model: builtins.float | Fed[FLOAT] = 1.0,
        sha256: builtins.str | Fed[STRING] = '',
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> DiffusionLoadLoraModel:
        """Change a model by LoRA weights, but not its text encoder.

        Args:
            model (MODEL)
            path (PATH): A .safetensors file of LoRA weights.
            strength_model (FLOAT -20 to 20): 1 as it was trained, 0 not at all.
            sha256 (STRING): What the file must have, in hexadecimal; empty takes it as it is.

        Outputs:
            model (MODEL)
        """
    def sample(
        self,
        *,
        model: Fed[MODEL],
        positive: Fed[CONDITIONING],
        negative: Fed[CONDITIONING],
        latent: Fed[LATENT],
        mask: Fed[MASK] | None = None,
        seed: builtins.int | builtins.str | Fed[INT] = 0,
        steps: builtins.int | builtins.str | Fed[INT] = 20,
        cfg: builtins.float | Fed[FLOAT] = 7.0,
        sampler_name: Literal['default', 'euler', 'euler_ancestral', 'heun', 'dpm_2', 'dpm_2_ancestral', 'lms', 'dpmpp_2s', 'dpmpp_2m', 'dpmpp_2m_sde', 'ddim', 'ddpm', 'deis', 'uni_pc', 'pndm', 'lcm'] | Fed[STRING] = 'default',
        scheduler: Literal['normal', 'karras', 'exponential', 'beta', 'sgm_uniform'] | Fed[STRING] = 'normal',
        denoise: builtins.float | Fed[FLOAT] = 1.0,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> DiffusionSample:
        """Take noise away until a picture's latent is left; the noise is drawn on the CPU, on every device the same.

        Args:
            model (MODEL)
            positive (CONDITIONING): What to paint.
            negative (CONDITIONING): What not to.
            latent (LATENT): Where to begin; with denoise 1 and without a mask only its size counts.
            mask (MASK): Of any size: 1 where something is to change, 0 where the latent stays.
            seed (INT 0 to 1.84467e+19): The same seed gives the same result, on every device.
            steps (INT 1 to 1000): How many are really done, also where denoise is below 1.
            cfg (FLOAT 0 to 100): How closely to follow the prompt; 1 leaves the negative out.
            sampler_name (STRING): default is the checkpoint's own.
            scheduler (STRING): How much noise is left when; not every sampler has each.
            denoise (FLOAT 0 to 1): 1 makes pictures anew, 0 leaves them as they are.

        Outputs:
            latent (LATENT)
        """
    def text_to_image(
        self,
        *,
        model: Fed[MODEL],
        clip: Fed[MODEL],
        vae: Fed[MODEL],
        prompt: builtins.str | Fed[STRING] = '',
        negative_prompt: builtins.str | Fed[STRING] = '',
        width: builtins.int | builtins.str | Fed[INT] = 512,
        height: builtins.int | builtins.str | Fed[INT] = 512,
        batch_size: builtins.int | builtins.str | Fed[INT] = 1,
        seed: builtins.int | builtins.str | Fed[INT] = 0,
        steps: builtins.int | builtins.str | Fed[INT] = 20,
        cfg: builtins.float | Fed[FLOAT] = 7.0,
        sampler_name: Literal['default', 'euler', 'euler_ancestral', 'heun', 'dpm_2', 'dpm_2_ancestral', 'lms', 'dpmpp_2s', 'dpmpp_2m', 'dpmpp_2m_sde', 'ddim', 'ddpm', 'deis', 'uni_pc', 'pndm', 'lcm'] | Fed[STRING] = 'default',
        scheduler: Literal['normal', 'karras', 'exponential', 'beta', 'sgm_uniform'] | Fed[STRING] = 'normal',
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> DiffusionTextToImage:
        """Paint what a text says.

        Args:
            model (MODEL)
            clip (MODEL)
            vae (MODEL)
            prompt (STRING): What to paint.
            negative_prompt (STRING): What not to.
            width (INT 16 to 16384 px): A multiple of 8.
            height (INT 16 to 16384 px): A multiple of 8.
            batch_size (INT 1 to 4096): How many pictures.
            seed (INT 0 to 1.84467e+19): The same seed gives the same result, on every device.
            steps (INT 1 to 1000): How many are really done, also where denoise is below 1.
            cfg (FLOAT 0 to 100): How closely to follow the prompt; 1 leaves the negative out.
            sampler_name (STRING): default is the checkpoint's own.
            scheduler (STRING): How much noise is left when; not every sampler has each.

        Outputs:
            image (IMAGE)
        """
    def vae_decode(
        self,
        *,
        latent: Fed[LATENT],
        vae: Fed[MODEL],
        tiling: builtins.bool | Fed[BOOL] = False,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> DiffusionVaeDecode:
        """Turn latents into pictures.

        Args:
            latent (LATENT)
            vae (MODEL)
            tiling (BOOL): Piece by piece: slower, in less memory, with seams that are hardly seen.

        Outputs:
            image (IMAGE)
        """
    def vae_encode(
        self,
        *,
        image: Fed[IMAGE],
        vae: Fed[MODEL],
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> DiffusionVaeEncode:
        """Turn pictures into latents: the mean of what the autoencoder gives, so always the same.

        Args:
            image (IMAGE): Both sides multiples of 8.
            vae (MODEL)

        Outputs:
            latent (LATENT)
        """

class ImagePack:
    def affine(
        self,
        *,
        image: Fed[IMAGE],
        scale: builtins.float | Fed[FLOAT] = 1.0,
        angle: builtins.float | Fed[FLOAT] = 0.0,
        shear: builtins.float | Fed[FLOAT] = 0.0,
        x: builtins.float | Fed[FLOAT] = 0.0,
        y: builtins.float | Fed[FLOAT] = 0.0,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> ImageAffine:
        """Scale, shear, turn about the centre and shift, in that order; the size stays, black lies beyond.

        Args:
            image (IMAGE)
            scale (FLOAT 0.01 to 100)
            angle (FLOAT -360 to 360 °): Counter-clockwise.
            shear (FLOAT -80 to 80 °): How far upright lines lean to the right.
            x (FLOAT -2 to 2): Shift to the right; 1 is the width.
            y (FLOAT -2 to 2): Shift down; 1 is the height.

        Outputs:
            image (IMAGE)
        """
    def auto_contrast(
        self,
        *,
        image: Fed[IMAGE],
        cut: builtins.float | Fed[FLOAT] = 0.005,
        by_channel: builtins.bool | Fed[BOOL] = False,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> ImageAutoContrast:
        """Stretch each picture to the full range from black to white.

        Args:
            image (IMAGE)
            cut (FLOAT 0 to 0.49): Share of pixels that may clip at either end.
            by_channel (BOOL): Each channel by itself, which takes colour casts away.

        Outputs:
            image (IMAGE)
        """
    def band(
        self,
        *,
        image: Fed[IMAGE],
        small: builtins.float | Fed[FLOAT] = 1.0,
        large: builtins.float | Fed[FLOAT] = 3.0,
        gain: builtins.float | Fed[FLOAT] = 4.0,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> ImageBand:
        """Show structures between two sizes, around middle grey.

        Args:
            image (IMAGE)
            small (FLOAT 0.1 to 100 px)
            large (FLOAT 0.1 to 100 px)
            gain (FLOAT 0 to 100)

        Outputs:
            image (IMAGE)
        """
    def bilateral(
        self,
        *,
        image: Fed[IMAGE],
        radius: builtins.int | builtins.str | Fed[INT] = 3,
        space: builtins.float | Fed[FLOAT] = 2.0,
        tone: builtins.float | Fed[FLOAT] = 0.1,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> ImageBilateral:
        """Smooth, but not across edges: neighbours count the less the more their colour differs.

        Source: C. Tomasi, R. Manduchi, Bilateral Filtering for Gray and Color Images, ICCV 1998.

        Args:
            image (IMAGE)
            radius (INT 1 to 15 px): The square's side is twice this, and one.
            space (FLOAT 0.1 to 50 px): Deviation of the weights by distance.
            tone (FLOAT 0.001 to 2): Deviation of the weights by colour.

        Outputs:
            image (IMAGE)
        """
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
    def channel_mixer(
        self,
        *,
        image: Fed[IMAGE],
        matrix: Any = ...,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> ImageChannelMixer:
        """Make each channel of all three.

        Args:
            image (IMAGE)
            matrix (JSON): Three rows: how much red, green and blue go into red, green and blue.

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
    def checkerboard(
        self,
        *,
        width: builtins.int | builtins.str | Fed[INT] = 512,
        height: builtins.int | builtins.str | Fed[INT] = 512,
        size: builtins.int | builtins.str | Fed[INT] = 32,
        first: builtins.str | Fed[STRING] = '#ffffff',
        second: builtins.str | Fed[STRING] = '#000000',
        batch: builtins.int | builtins.str | Fed[INT] = 1,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> ImageCheckerboard:
        """Squares of two colours in turn.

        Args:
            width (INT 1 to 16384 px)
            height (INT 1 to 16384 px)
            size (INT 1 to 8192 px): Side of a square.
            first (STRING): As #rrggbb.
            second (STRING): As #rrggbb.
            batch (INT 1 to 256): Number of images.

        Outputs:
            image (IMAGE)
        """
    def chromatic_aberration(
        self,
        *,
        image: Fed[IMAGE],
        amount: builtins.float | Fed[FLOAT] = 0.005,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> ImageChromaticAberration:
        """Show red larger and blue smaller than green, as simple lenses do.

        Args:
            image (IMAGE)
            amount (FLOAT -0.1 to 0.1): How much larger red is than green, and green than blue.

        Outputs:
            image (IMAGE)
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
    def compare(
        self,
        *,
        a: Fed[IMAGE],
        b: Fed[IMAGE],
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> ImageCompare:
        """How alike two images of one size are, over all channels.

        Args:
            a (IMAGE)
            b (IMAGE)

        Outputs:
            mse (FLOAT): Mean of the squared differences.
            psnr (FLOAT): In dB; 100 for equal ones.
            ssim (FLOAT): Structural similarity; 1 for equal ones.
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
    def crop_center(
        self,
        *,
        image: Fed[IMAGE],
        aspect: builtins.float | Fed[FLOAT] = 1.0,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> ImageCropCenter:
        """Cut the largest part of an aspect out of the middle.

        Args:
            image (IMAGE)
            aspect (FLOAT 0.01 to 100): Width by height.

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
    def denoise(
        self,
        *,
        image: Fed[IMAGE],
        weight: builtins.float | Fed[FLOAT] = 0.1,
        steps: builtins.int | builtins.str | Fed[INT] = 50,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> ImageDenoise:
        """Take noise away and keep edges, by the least total variation.

        Source: A. Chambolle, An Algorithm for Total Variation Minimization and Applications, J. Math. Imaging 20 (2004).

        Args:
            image (IMAGE)
            weight (FLOAT 0.001 to 2): More leaves less.
            steps (INT 1 to 1000)

        Outputs:
            image (IMAGE)
        """
    def dither(
        self,
        *,
        image: Fed[IMAGE],
        levels: builtins.int | builtins.str | Fed[INT] = 2,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> ImageDither:
        """Reduce to few levels in a pattern that keeps the mean brightness.

        Source: B. Bayer, An optimum method for two-level rendition of continuous-tone pictures, ICC 1973.

        Args:
            image (IMAGE)
            levels (INT 2 to 256): Of each channel.

        Outputs:
            image (IMAGE)
        """
    def draw_shape(
        self,
        *,
        image: Fed[IMAGE],
        shape: Literal['rectangle', 'ellipse', 'line', 'arrow'] | Fed[STRING] = 'rectangle',
        x: builtins.float | Fed[FLOAT] = 0.25,
        y: builtins.float | Fed[FLOAT] = 0.25,
        to_x: builtins.float | Fed[FLOAT] = 0.75,
        to_y: builtins.float | Fed[FLOAT] = 0.75,
        thickness: builtins.float | Fed[FLOAT] = 4.0,
        color: builtins.str | Fed[STRING] = '#ff0000',
        opacity: builtins.float | Fed[FLOAT] = 1.0,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> ImageDrawShape:
        """Draw a form between two corners, or a line from one place to another.

        Args:
            image (IMAGE)
            shape (STRING)
            x (FLOAT -2 to 3): 0 to 1 across or down the picture.
            y (FLOAT -2 to 3): 0 to 1 across or down the picture.
            to_x (FLOAT -2 to 3): 0 to 1 across or down the picture.
            to_y (FLOAT -2 to 3): 0 to 1 across or down the picture.
            thickness (FLOAT 0 to 1000 px): 0 fills a rectangle or an ellipse.
            color (STRING): As #rrggbb.
            opacity (FLOAT 0 to 1)

        Outputs:
            image (IMAGE)
        """
    def draw_text(
        self,
        *,
        image: Fed[IMAGE],
        text: builtins.str | Fed[STRING] = 'Text',
        x: builtins.float | Fed[FLOAT] = 0.5,
        y: builtins.float | Fed[FLOAT] = 0.5,
        size: builtins.float | Fed[FLOAT] = 32.0,
        color: builtins.str | Fed[STRING] = '#ffffff',
        opacity: builtins.float | Fed[FLOAT] = 1.0,
        anchor: Literal['middle', 'left', 'right'] | Fed[STRING] = 'middle',
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> ImageDrawText:
        """Write a text on every picture of the batch; lines are broken where the text breaks them.

        Args:
            image (IMAGE)
            text (STRING)
            x (FLOAT -2 to 3): 0 to 1 across or down the picture.
            y (FLOAT -2 to 3): 0 to 1 across or down the picture.
            size (FLOAT 1 to 2000 px): Of the letters.
            color (STRING): As #rrggbb.
            opacity (FLOAT 0 to 1)
            anchor (STRING): Which part of the text stands at x.

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
    def emboss(
        self,
        *,
        image: Fed[IMAGE],
        strength: builtins.float | Fed[FLOAT] = 1.0,
        angle: builtins.float | Fed[FLOAT] = 135.0,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> ImageEmboss:
        """Show brightness as a relief in grey.

        Args:
            image (IMAGE)
            strength (FLOAT 0 to 10)
            angle (FLOAT -360 to 360 °): Where the light comes from, counter-clockwise.

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
    def from_color_space(
        self,
        *,
        colors: Fed[TENSOR],
        space: Literal['linear', 'hsv', 'lab', 'ycbcr', 'xyz'] | Fed[STRING] = 'lab',
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> ImageFromColorSpace:
        """An image of colours in another space.

        Args:
            colors (TENSOR): (batch, height, width, 3).
            space (STRING): linear is RGB without its curve; lab has L in 0..100.

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
    def glow(
        self,
        *,
        image: Fed[IMAGE],
        threshold: builtins.float | Fed[FLOAT] = 0.7,
        radius: builtins.float | Fed[FLOAT] = 12.0,
        amount: builtins.float | Fed[FLOAT] = 0.6,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> ImageGlow:
        """Let bright parts shine over their surroundings.

        Args:
            image (IMAGE)
            threshold (FLOAT 0 to 1): Luma from here up glows.
            radius (FLOAT 0 to 100 px)
            amount (FLOAT 0 to 4)

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
    def gradient_map(
        self,
        *,
        image: Fed[IMAGE],
        colors: Any = ...,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> ImageGradientMap:
        """Paint every brightness in a colour of its own.

        Args:
            image (IMAGE)
            colors (JSON): Two or more colours as #rrggbb, from dark to bright.

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
    def high_pass(
        self,
        *,
        image: Fed[IMAGE],
        radius: builtins.float | Fed[FLOAT] = 8.0,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> ImageHighPass:
        """Keep detail alone, around middle grey: laid over a picture (overlay) it sharpens it.

        Args:
            image (IMAGE)
            radius (FLOAT 0.1 to 100 px): What is larger goes away.

        Outputs:
            image (IMAGE)
        """
    def histogram(
        self,
        *,
        image: Fed[IMAGE],
        bins: builtins.int | builtins.str | Fed[INT] = 256,
        of: Literal['channels', 'luma'] | Fed[STRING] = 'channels',
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> ImageHistogram:
        """How many pixels of each picture lie in equal steps from 0 to 1: (batch, channel, bin).

        Args:
            image (IMAGE)
            bins (INT 1 to 65536)
            of (STRING)

        Outputs:
            tensor (TENSOR)
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
    def lens_distortion(
        self,
        *,
        image: Fed[IMAGE],
        k1: builtins.float | Fed[FLOAT] = 0.1,
        k2: builtins.float | Fed[FLOAT] = 0.0,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> ImageLensDistortion:
        """Bend straight lines, or straighten bent ones, by Brown's radial model; 1 is half the diagonal.

        Args:
            image (IMAGE)
            k1 (FLOAT -1 to 1): Above 0: a cushion; below: a barrel.
            k2 (FLOAT -1 to 1): Of the fourth power of the radius.

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
    def match_color(
        self,
        *,
        image: Fed[IMAGE],
        reference: Fed[IMAGE],
        amount: builtins.float | Fed[FLOAT] = 1.0,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> ImageMatchColor:
        """Give a picture the mean and the deviation that a reference has in Lab.

        Source: E. Reinhard et al., Color Transfer between Images, IEEE CG&A 21 (2001).

        Args:
            image (IMAGE)
            reference (IMAGE): Of any size; the first of its batch counts.
            amount (FLOAT 0 to 1)

        Outputs:
            image (IMAGE)
        """
    def match_histogram(
        self,
        *,
        image: Fed[IMAGE],
        reference: Fed[IMAGE],
        amount: builtins.float | Fed[FLOAT] = 1.0,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> ImageMatchHistogram:
        """Give each channel the distribution of tones that a reference has.

        Args:
            image (IMAGE)
            reference (IMAGE): Of any size; the first of its batch counts.
            amount (FLOAT 0 to 1)

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
    def motion_blur(
        self,
        *,
        image: Fed[IMAGE],
        length: builtins.int | builtins.str | Fed[INT] = 15,
        angle: builtins.float | Fed[FLOAT] = 0.0,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> ImageMotionBlur:
        """Blur along a line, as if the camera had moved.

        Args:
            image (IMAGE)
            length (INT 1 to 200 px)
            angle (FLOAT -360 to 360 °): Counter-clockwise; 0 moves to the right.

        Outputs:
            image (IMAGE)
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
    def offset(
        self,
        *,
        image: Fed[IMAGE],
        x: builtins.float | Fed[FLOAT] = 0.5,
        y: builtins.float | Fed[FLOAT] = 0.5,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> ImageOffset:
        """Shift the picture; what leaves at one edge comes in at the other.

        Args:
            image (IMAGE)
            x (FLOAT -1 to 1): To the right; 1 is the width.
            y (FLOAT -1 to 1): Down; 1 is the height.

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
    def palette(
        self,
        *,
        image: Fed[IMAGE],
        count: builtins.int | builtins.str | Fed[INT] = 5,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> ImagePalette:
        """The main colours of the first picture as [{color, share}], the most frequent first; by median cut.

        Args:
            image (IMAGE)
            count (INT 1 to 256)

        Outputs:
            colors (JSON)
        """
    def perlin(
        self,
        *,
        width: builtins.int | builtins.str | Fed[INT] = 512,
        height: builtins.int | builtins.str | Fed[INT] = 512,
        size: builtins.float | Fed[FLOAT] = 128.0,
        octaves: builtins.int | builtins.str | Fed[INT] = 4,
        seed: builtins.int | builtins.str | Fed[INT] = 0,
        batch: builtins.int | builtins.str | Fed[INT] = 1,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> ImagePerlin:
        """Soft noise as of clouds, in grey.

        Source: K. Perlin, Improving Noise, SIGGRAPH 2002.

        Args:
            width (INT 1 to 16384 px)
            height (INT 1 to 16384 px)
            size (FLOAT 1 to 16384 px): Of the largest clouds.
            octaves (INT 1 to 16): Each half as large and half as strong as the one before.
            seed (INT 0 to 1.84467e+19): The same seed gives the same result, on every device.
            batch (INT 1 to 256): Number of images.

        Outputs:
            image (IMAGE)
        """
    def perspective(
        self,
        *,
        image: Fed[IMAGE],
        corners: Any = ...,
        direction: Literal['to_square', 'from_square'] | Fed[STRING] = 'to_square',
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> ImagePerspective:
        """Stretch four corners of a picture to its whole, to look straight at a page say; black lies beyond.

        Args:
            image (IMAGE)
            corners (JSON): Four pairs [x, y] in 0..1 in the picture: upper left, upper right, lower right, lower left.
            direction (STRING): From: put the picture into the four corners.

        Outputs:
            image (IMAGE)
        """
    def pixelate(
        self,
        *,
        image: Fed[IMAGE],
        size: builtins.int | builtins.str | Fed[INT] = 8,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> ImagePixelate:
        """Paint blocks of pixels in their mean colour; those at the right and lower edge may be smaller.

        Args:
            image (IMAGE)
            size (INT 1 to 1024 px): Side of a block.

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
    def quantize(
        self,
        *,
        image: Fed[IMAGE],
        colors: builtins.int | builtins.str | Fed[INT] = 16,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> ImageQuantize:
        """Paint each picture with a few of its own colours, by median cut.

        Args:
            image (IMAGE)
            colors (INT 1 to 256)

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
        embed_graph: builtins.bool | Fed[BOOL] = True,
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
            embed_graph (BOOL): Store the graph in a PNG: dropped on the editor's canvas, the file opens it.

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
    def statistics(
        self,
        *,
        image: Fed[IMAGE],
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> ImageStatistics:
        """Mean, deviation, ends and entropy of all pixels of the batch.

        Args:
            image (IMAGE)

        Outputs:
            mean (FLOAT)
            deviation (FLOAT)
            minimum (FLOAT)
            maximum (FLOAT)
            entropy (FLOAT): Of the luma in 256 steps, in bits.
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
    def tile(
        self,
        *,
        image: Fed[IMAGE],
        across: builtins.int | builtins.str | Fed[INT] = 2,
        down: builtins.int | builtins.str | Fed[INT] = 2,
        mirror: builtins.bool | Fed[BOOL] = False,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> ImageTile:
        """Repeat the picture beside and below itself.

        Args:
            image (IMAGE)
            across (INT 1 to 64)
            down (INT 1 to 64)
            mirror (BOOL): Turn every other one round, so that edges fit.

        Outputs:
            image (IMAGE)
        """
    def to_color_space(
        self,
        *,
        image: Fed[IMAGE],
        space: Literal['linear', 'hsv', 'lab', 'ycbcr', 'xyz'] | Fed[STRING] = 'lab',
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> ImageToColorSpace:
        """The colours in another space: (batch, height, width, 3), in the units of that space; hue in 0..1.

        Args:
            image (IMAGE)
            space (STRING): linear is RGB without its curve; lab has L in 0..100.

        Outputs:
            tensor (TENSOR)
        """
    def tone_map(
        self,
        *,
        image: Fed[TENSOR],
        exposure: builtins.float | Fed[FLOAT] = 0.0,
        curve: Literal['reinhard', 'aces', 'clip'] | Fed[STRING] = 'reinhard',
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> ImageToneMap:
        """Bring light of any strength into 0..1, and give it the curve that screens expect.

        Source: E. Reinhard et al. (2002), equation 3; K. Narkowicz, ACES Filmic Tone Mapping Curve (2015).

        Args:
            image (TENSOR): Linear light, above 1 too: (height, width, 3), with or without batch before.
            exposure (FLOAT -20 to 20): In stops.
            curve (STRING)

        Outputs:
            image (IMAGE)
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

class MaskPack:
    def agreement(
        self,
        *,
        a: Fed[MASK],
        b: Fed[MASK],
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> MaskAgreement:
        """How well two masks agree, where they are above a half.

        Args:
            a (MASK)
            b (MASK)

        Outputs:
            iou (FLOAT): Of what is in either, how much is in both (Jaccard); 1 for two empty masks.
            dice (FLOAT): Twice what is in both, by the sum of the two.
        """
    def area(
        self,
        *,
        mask: Fed[MASK],
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> MaskArea:
        """How much is inside, and where its middle is; over the whole batch.

        Args:
            mask (MASK)

        Outputs:
            share (FLOAT): Of the picture that is inside, 0 to 1.
            pixels (FLOAT): Inside; a soft edge counts in part.
            x (FLOAT): Centre of mass, in pixels from the left; −1 for an empty mask.
            y (FLOAT): Centre of mass, in pixels from the top; −1 for an empty mask.
        """
    def bounds(
        self,
        *,
        mask: Fed[MASK],
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> MaskBounds:
        """The smallest rectangle that holds all that is above a half, of the whole batch.

        Args:
            mask (MASK)

        Outputs:
            x (INT)
            y (INT)
            width (INT): 0 for an empty mask.
            height (INT): 0 for an empty mask.
        """
    def color_range(
        self,
        *,
        image: Fed[IMAGE],
        color: builtins.str | Fed[STRING] = '#00ff00',
        tolerance: builtins.float | Fed[FLOAT] = 0.2,
        softness: builtins.float | Fed[FLOAT] = 0.1,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> MaskColorRange:
        """Select what is like a colour: a green background, say.

        Args:
            image (IMAGE)
            color (STRING): As #rrggbb.
            tolerance (FLOAT 0 to 1): Distance in RGB that is inside; 1 is from black to white.
            softness (FLOAT 0 to 1): Width of the transition.

        Outputs:
            mask (MASK)
        """
    def crop_to(
        self,
        *,
        image: Fed[IMAGE],
        mask: Fed[MASK],
        margin: builtins.int | builtins.str | Fed[INT] = 0,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> MaskCropTo:
        """Cut out the smallest rectangle that holds the mask; an empty mask keeps all.

        Args:
            image (IMAGE)
            mask (MASK)
            margin (INT 0 to 8192 px)

        Outputs:
            image (IMAGE)
        """
    def cut_out(
        self,
        *,
        image: Fed[IMAGE],
        mask: Fed[MASK],
        color: builtins.str | Fed[STRING] = '#000000',
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> MaskCutOut:
        """Keep an image where a mask is, and paint the rest in one colour.

        Args:
            image (IMAGE)
            mask (MASK)
            color (STRING): Of what is outside, as #rrggbb.

        Outputs:
            image (IMAGE)
        """
    def differences(
        self,
        *,
        a: Fed[IMAGE],
        b: Fed[IMAGE],
        threshold: builtins.float | Fed[FLOAT] = 0.1,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> MaskDifferences:
        """Select the pixels of which a channel differs by more than a threshold.

        Args:
            a (IMAGE)
            b (IMAGE)
            threshold (FLOAT 0 to 1)

        Outputs:
            mask (MASK)
        """
    def distance(
        self,
        *,
        mask: Fed[MASK],
        reach: builtins.float | Fed[FLOAT] = 32.0,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> MaskDistance:
        """How far within the mask each pixel lies, as a mask that rises from the edge.

        Args:
            mask (MASK)
            reach (FLOAT 0.5 to 16384 px): What is so far within becomes 1.

        Outputs:
            mask (MASK)
        """
    def ellipse(
        self,
        *,
        width: builtins.int | builtins.str | Fed[INT] = 512,
        height: builtins.int | builtins.str | Fed[INT] = 512,
        x: builtins.float | Fed[FLOAT] = 0.5,
        y: builtins.float | Fed[FLOAT] = 0.5,
        w: builtins.float | Fed[FLOAT] = 0.5,
        h: builtins.float | Fed[FLOAT] = 0.5,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> MaskEllipse:
        """An ellipse.

        Args:
            width (INT 1 to 16384 px)
            height (INT 1 to 16384 px)
            x (FLOAT -10 to 10): Centre; 0 to 1 across the mask.
            y (FLOAT -10 to 10): Centre; 0 to 1 down the mask.
            w (FLOAT 0 to 10): Diameter; 1 is the whole width.
            h (FLOAT 0 to 10): Diameter; 1 is the whole height.

        Outputs:
            mask (MASK)
        """
    def fill_holes(
        self,
        *,
        mask: Fed[MASK],
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> MaskFillHoles:
        """Fill what the mask encloses on all sides.

        Args:
            mask (MASK)

        Outputs:
            mask (MASK)
        """
    def hull(
        self,
        *,
        mask: Fed[MASK],
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> MaskHull:
        """The smallest form without dents that holds the mask.

        Args:
            mask (MASK)

        Outputs:
            mask (MASK)
        """
    def keep_large(
        self,
        *,
        mask: Fed[MASK],
        area: builtins.int | builtins.str | Fed[INT] = 64,
        corners: builtins.bool | Fed[BOOL] = False,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> MaskKeepLarge:
        """Remove the connected parts that are smaller than some number of pixels.

        Args:
            mask (MASK)
            area (INT 0 to 2.14748e+09 px): Smaller parts go away.
            corners (BOOL): Parts that touch at corners alone are one.

        Outputs:
            mask (MASK)
        """
    def largest(
        self,
        *,
        mask: Fed[MASK],
        corners: builtins.bool | Fed[BOOL] = False,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> MaskLargest:
        """The largest connected part alone; of equal ones the one farther up.

        Args:
            mask (MASK)
            corners (BOOL): Parts that touch at corners alone are one.

        Outputs:
            mask (MASK)
        """
    def local_threshold(
        self,
        *,
        image: Fed[IMAGE],
        radius: builtins.float | Fed[FLOAT] = 15.0,
        offset: builtins.float | Fed[FLOAT] = 0.0,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> MaskLocalThreshold:
        """Select what is brighter than its neighbourhood: writing on paper that is lit unevenly, say.

        Args:
            image (IMAGE)
            radius (FLOAT 0.5 to 200 px): Standard deviation of the neighbourhood.
            offset (FLOAT -1 to 1): How much brighter than around it.

        Outputs:
            mask (MASK)
        """
    def otsu(
        self,
        *,
        image: Fed[IMAGE],
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> MaskOtsu:
        """Select the bright parts, above the luma that parts bright from dark best.

        Source: N. Otsu, A Threshold Selection Method from Gray-Level Histograms, IEEE Trans. SMC 9 (1979).

        Args:
            image (IMAGE)

        Outputs:
            mask (MASK)
        """
    def outline(
        self,
        *,
        mask: Fed[MASK],
        thickness: builtins.int | builtins.str | Fed[INT] = 1,
        side: Literal['inside', 'outside', 'both'] | Fed[STRING] = 'inside',
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> MaskOutline:
        """The pixels along the edge.

        Args:
            mask (MASK)
            thickness (INT 1 to 100 px)
            side (STRING)

        Outputs:
            mask (MASK)
        """
    def parts(
        self,
        *,
        mask: Fed[MASK],
        corners: builtins.bool | Fed[BOOL] = False,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> MaskParts:
        """Each connected part of the first mask as a mask: what takes one runs once for each.

        Args:
            mask (MASK)
            corners (BOOL): Parts that touch at corners alone are one.

        Outputs:
            mask (LIST[MASK])
        """
    def peaks(
        self,
        *,
        image: Fed[IMAGE],
        radius: builtins.int | builtins.str | Fed[INT] = 3,
        threshold: builtins.float | Fed[FLOAT] = 0.5,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> MaskPeaks:
        """Select the pixels than which none around them is brighter.

        Args:
            image (IMAGE)
            radius (INT 1 to 100 px): No two are nearer in a row or column.
            threshold (FLOAT 0 to 1): Darker ones do not count.

        Outputs:
            mask (MASK)
        """
    def polygon(
        self,
        *,
        points: Any = ...,
        width: builtins.int | builtins.str | Fed[INT] = 512,
        height: builtins.int | builtins.str | Fed[INT] = 512,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> MaskPolygon:
        """A form of straight edges; where it crosses itself, every other part is outside.

        Args:
            points (JSON): Three or more pairs [x, y], 0 to 1 across and down the mask.
            width (INT 1 to 16384 px)
            height (INT 1 to 16384 px)

        Outputs:
            mask (MASK)
        """
    def ramp(
        self,
        *,
        width: builtins.int | builtins.str | Fed[INT] = 512,
        height: builtins.int | builtins.str | Fed[INT] = 512,
        direction: Literal['right', 'left', 'down', 'up', 'outwards'] | Fed[STRING] = 'right',
        start: builtins.float | Fed[FLOAT] = 0.0,
        end: builtins.float | Fed[FLOAT] = 1.0,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> MaskRamp:
        """From 0 to 1 along a direction.

        Args:
            width (INT 1 to 16384 px)
            height (INT 1 to 16384 px)
            direction (STRING)
            start (FLOAT -1 to 2): Where it is 0.
            end (FLOAT -1 to 2): Where it is 1.

        Outputs:
            mask (MASK)
        """
    def rectangle(
        self,
        *,
        width: builtins.int | builtins.str | Fed[INT] = 512,
        height: builtins.int | builtins.str | Fed[INT] = 512,
        x: builtins.float | Fed[FLOAT] = 0.25,
        y: builtins.float | Fed[FLOAT] = 0.25,
        w: builtins.float | Fed[FLOAT] = 0.5,
        h: builtins.float | Fed[FLOAT] = 0.5,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> MaskRectangle:
        """A rectangle; a pixel that it covers in part is inside in part.

        Args:
            width (INT 1 to 16384 px)
            height (INT 1 to 16384 px)
            x (FLOAT -10 to 10): Left edge; 0 to 1 across the mask.
            y (FLOAT -10 to 10): Upper edge; 0 to 1 down the mask.
            w (FLOAT 0 to 10): Of the rectangle; 1 is the whole width.
            h (FLOAT 0 to 10): Of the rectangle; 1 is the whole height.

        Outputs:
            mask (MASK)
        """
    def regions(
        self,
        *,
        mask: Fed[MASK],
        corners: builtins.bool | Fed[BOOL] = False,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> MaskRegions:
        """Tell the connected parts of a mask apart.

        Args:
            mask (MASK)
            corners (BOOL): Parts that touch at corners alone are one.

        Outputs:
            labels (TENSOR): 0 outside, 1, 2, … within each part; int64 (batch, height, width).
            number (INT): Of all parts, over the batch.
        """

class ModelPack:
    def classify(
        self,
        *,
        image: Fed[IMAGE],
        model: Fed[MODEL],
        labels: Any = ...,
        count: builtins.int | builtins.str | Fed[INT] = 5,
        size: builtins.int | builtins.str | Fed[INT] = 224,
        mean: Any = ...,
        deviation: Any = ...,
        scores: Literal['softmax', 'sigmoid', 'none'] | Fed[STRING] = 'softmax',
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> ModelClassify:
        """The likeliest classes of each picture: a list of [{label, score}], the likeliest first.

        Args:
            image (IMAGE)
            model (MODEL): Takes (batch, 3, height, width).
            labels (JSON): Names of the classes, in order; empty for their numbers.
            count (INT 1 to 1000): How many of the likeliest.
            size (INT 8 to 8192 px): To which pictures are resized for the model.
            mean (JSON): Of red, green and blue: is subtracted.
            deviation (JSON): Of red, green and blue: is divided by.
            scores (STRING): What makes shares of the model's numbers.

        Outputs:
            classes (JSON)
        """
    def describe(
        self,
        *,
        model: Fed[MODEL],
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> ModelDescribe:
        """What a model takes and gives; of weights their names and shapes.

        Args:
            model (MODEL)

        Outputs:
            value (JSON)
        """
    def detect_speech(
        self,
        *,
        audio: Fed[AUDIO],
        model: Fed[MODEL],
        threshold: builtins.float | Fed[FLOAT] = 0.5,
        shortest: builtins.float | Fed[FLOAT] = 0.25,
        silence: builtins.float | Fed[FLOAT] = 0.1,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> ModelDetectSpeech:
        """Tell when somebody speaks.

        Args:
            audio (AUDIO): At 16 kHz; the mean of its channels is heard.
            model (MODEL): Silero VAD, version 5 or 6, as ONNX.
            threshold (FLOAT 0.05 to 0.95): Probability from which it is speech.
            shortest (FLOAT 0 to 60 s): Shorter speech does not count.
            silence (FLOAT 0 to 60 s): Shorter silence does not end it.

        Outputs:
            segments (JSON): [{start, end}] in seconds.
            probability (TENSOR): Of speech, for every 32 ms.
        """
    def embed_image(
        self,
        *,
        image: Fed[IMAGE],
        model: Fed[MODEL],
        size: builtins.int | builtins.str | Fed[INT] = 224,
        mean: Any = ...,
        deviation: Any = ...,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> ModelEmbedImage:
        """A vector of length 1 for each picture, near those of like pictures: (batch, element).

        Args:
            image (IMAGE)
            model (MODEL): Takes (batch, 3, height, width).
            size (INT 8 to 8192 px): To which pictures are resized for the model.
            mean (JSON): Of red, green and blue: is subtracted.
            deviation (JSON): Of red, green and blue: is divided by.

        Outputs:
            tensor (TENSOR)
        """
    def embed_text(
        self,
        *,
        texts: Fed[STRING],
        model: Fed[MODEL],
        vocabulary: builtins.str | PathLike[builtins.str] | Fed[PATH],
        length: builtins.int | builtins.str | Fed[INT] = 256,
        pooling: Literal['mean', 'first'] | Fed[STRING] = 'mean',
        normalize: builtins.bool | Fed[BOOL] = True,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> ModelEmbedText:
        """A vector for each text, near those of texts that mean the like: (text, element).

        Args:
            texts (LIST[STRING])
            model (MODEL): Weights of a BERT encoder: MiniLM, mpnet's elder sisters, …
            vocabulary (PATH): The model's vocab.txt: a piece a line.
            length (INT 8 to 8192): Of a text at most, in pieces; the rest is cut off.
            pooling (STRING): What of its pieces stands for a text.
            normalize (BOOL): To length 1: products of two are then their cosine.

        Outputs:
            tensor (TENSOR)
        """
    def load(
        self,
        *,
        path: builtins.str | PathLike[builtins.str] | Fed[PATH],
        sha256: builtins.str | Fed[STRING] = '',
        format: Literal['auto', 'onnx', 'safetensors', 'torchscript', 'export', 'weights'] | Fed[STRING] = 'auto',
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> ModelLoad:
        """Name a model by its file and hash; the nodes that use it load it, once in each worker.

        Args:
            path (PATH): ONNX, safetensors, TorchScript, torch.export (.pt2), or weights (.pt, .pth, .ckpt).
            sha256 (STRING): What the file must have, in hexadecimal; empty takes it as it is.
            format (STRING): auto goes by the file's name and content.

        Outputs:
            model (MODEL)
        """
    def read_text(
        self,
        *,
        image: Fed[IMAGE],
        detector: Fed[MODEL],
        recognizer: Fed[MODEL],
        threshold: builtins.float | Fed[FLOAT] = 0.3,
        score: builtins.float | Fed[FLOAT] = 0.5,
        side: builtins.int | builtins.str | Fed[INT] = 736,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> ModelReadText:
        """Read the lines of writing on a picture; lines run from left to right.

        Args:
            image (IMAGE): The first picture of the batch is read.
            detector (MODEL): PP-OCR's detection, as ONNX.
            recognizer (MODEL): PP-OCR's recognition, as ONNX, with its characters in it.
            threshold (FLOAT 0.05 to 0.95): Probability from which a pixel is writing.
            score (FLOAT 0 to 1): Lines that were read less surely are left out.
            side (INT 32 to 4096 px): To which the shorter side is enlarged for the detector.

        Outputs:
            text (STRING): All lines, from the top.
            lines (JSON): [{text, score, x, y, width, height}], in pixels.
            mask (MASK): How likely each pixel belongs to writing.
        """
    def run(
        self,
        *,
        model: Fed[MODEL],
        tensors: Fed[TENSOR] | builtins.list[Fed[TENSOR]],
        output: builtins.str | Fed[STRING] = '',
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> ModelRun:
        """One output of a model for some tensors.

        Args:
            model (MODEL)
            tensors (TENSOR): In the order of the model's inputs.
            output (STRING): Name of the output; empty for the first.

        Outputs:
            tensor (TENSOR)
        """
    def run_all(
        self,
        *,
        model: Fed[MODEL],
        tensors: Fed[TENSOR] | builtins.list[Fed[TENSOR]],
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> ModelRunAll:
        """All outputs of a model for some tensors.

        Args:
            model (MODEL)
            tensors (TENSOR): In the order of the model's inputs.

        Outputs:
            tensor (LIST[TENSOR])
        """
    def segment(
        self,
        *,
        image: Fed[IMAGE],
        model: Fed[MODEL],
        choose: builtins.int | builtins.str | Fed[INT] = 1,
        size: builtins.int | builtins.str | Fed[INT] = 512,
        mean: Any = ...,
        deviation: Any = ...,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> ModelSegment:
        """Tell for each pixel what it shows.

        Args:
            image (IMAGE)
            model (MODEL): Takes (batch, 3, height, width).
            choose (INT 0 to 100000): Class of the mask.
            size (INT 8 to 8192 px): To which pictures are resized for the model.
            mean (JSON): Of red, green and blue: is subtracted.
            deviation (JSON): Of red, green and blue: is divided by.

        Outputs:
            labels (TENSOR): The likeliest class of each pixel: int64 (batch, height, width).
            mask (MASK): How likely each pixel is of the chosen class.
        """
    def weight(
        self,
        *,
        model: Fed[MODEL],
        name: builtins.str | Fed[STRING],
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> ModelWeight:
        """One tensor of a file of weights.

        Args:
            model (MODEL)
            name (STRING): As model.describe tells them.

        Outputs:
            tensor (TENSOR)
        """

class PlotPack:
    def bar(
        self,
        *,
        table: Fed[TABLE],
        label: builtins.str | Fed[STRING],
        y: Any = ...,
        stacked: builtins.bool | Fed[BOOL] = False,
        title_: builtins.str | Fed[STRING] = '',
        width: builtins.int | builtins.str | Fed[INT] = 800,
        height: builtins.int | builtins.str | Fed[INT] = 600,
        bare: builtins.bool | Fed[BOOL] = False,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> PlotBar:
        """Draw bars for each row of a table, beside or upon each other.

        Args:
            table (TABLE)
            label (STRING): Column of what stands below the bars.
            y (JSON): Columns upwards, a colour each.
            stacked (BOOL)
            title_ (STRING): Empty for none.
            width (INT 64 to 8192 px)
            height (INT 64 to 8192 px)
            bare (BOOL): The drawing alone, without axes and margins.

        Outputs:
            image (IMAGE)
        """
    def box(
        self,
        *,
        table: Fed[TABLE],
        y: Any = ...,
        title_: builtins.str | Fed[STRING] = '',
        width: builtins.int | builtins.str | Fed[INT] = 800,
        height: builtins.int | builtins.str | Fed[INT] = 600,
        bare: builtins.bool | Fed[BOOL] = False,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> PlotBox:
        """Draw median, quartiles and ends of columns; what is farther than 1.5 boxes away is a point of its own.

        Args:
            table (TABLE)
            y (JSON): Columns upwards, a colour each.
            title_ (STRING): Empty for none.
            width (INT 64 to 8192 px)
            height (INT 64 to 8192 px)
            bare (BOOL): The drawing alone, without axes and margins.

        Outputs:
            image (IMAGE)
        """
    def contour(
        self,
        *,
        tensor: Fed[TENSOR],
        levels: builtins.int | builtins.str | Fed[INT] = 10,
        colors: Literal['viridis', 'magma', 'gray', 'coolwarm', 'turbo'] | Fed[STRING] = 'viridis',
        filled: builtins.bool | Fed[BOOL] = True,
        title_: builtins.str | Fed[STRING] = '',
        width: builtins.int | builtins.str | Fed[INT] = 800,
        height: builtins.int | builtins.str | Fed[INT] = 600,
        bare: builtins.bool | Fed[BOOL] = False,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> PlotContour:
        """Draw lines of equal height of a surface.

        Args:
            tensor (TENSOR): (row, column), of which the first row is at the bottom.
            levels (INT 2 to 100)
            colors (STRING): From low to high.
            filled (BOOL)
            title_ (STRING): Empty for none.
            width (INT 64 to 8192 px)
            height (INT 64 to 8192 px)
            bare (BOOL): The drawing alone, without axes and margins.

        Outputs:
            image (IMAGE)
        """
    def curve(
        self,
        *,
        tensor: Fed[TENSOR],
        title_: builtins.str | Fed[STRING] = '',
        width: builtins.int | builtins.str | Fed[INT] = 800,
        height: builtins.int | builtins.str | Fed[INT] = 600,
        bare: builtins.bool | Fed[BOOL] = False,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> PlotCurve:
        """Draw the rows of a tensor as curves.

        Args:
            tensor (TENSOR): (point), or (curve, point).
            title_ (STRING): Empty for none.
            width (INT 64 to 8192 px)
            height (INT 64 to 8192 px)
            bare (BOOL): The drawing alone, without axes and margins.

        Outputs:
            image (IMAGE)
        """
    def heatmap(
        self,
        *,
        tensor: Fed[TENSOR],
        colors: Literal['viridis', 'magma', 'gray', 'coolwarm', 'turbo'] | Fed[STRING] = 'viridis',
        low: builtins.float | Fed[FLOAT] = 0.0,
        high: builtins.float | Fed[FLOAT] = 0.0,
        title_: builtins.str | Fed[STRING] = '',
        width: builtins.int | builtins.str | Fed[INT] = 800,
        height: builtins.int | builtins.str | Fed[INT] = 600,
        bare: builtins.bool | Fed[BOOL] = False,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> PlotHeatmap:
        """Draw a matrix with a colour for each element, the first row at the top; NaN is white.

        Args:
            tensor (TENSOR): (row, column).
            colors (STRING): From low to high.
            low (FLOAT -1.79769e+308 to 1.79769e+308)
            high (FLOAT -1.79769e+308 to 1.79769e+308): Not above low: the range of the elements.
            title_ (STRING): Empty for none.
            width (INT 64 to 8192 px)
            height (INT 64 to 8192 px)
            bare (BOOL): The drawing alone, without axes and margins.

        Outputs:
            image (IMAGE)
        """
    def histogram(
        self,
        *,
        tensor: Fed[TENSOR],
        bins: builtins.int | builtins.str | Fed[INT] = 50,
        low: builtins.float | Fed[FLOAT] = 0.0,
        high: builtins.float | Fed[FLOAT] = 0.0,
        log: builtins.bool | Fed[BOOL] = False,
        title_: builtins.str | Fed[STRING] = '',
        width: builtins.int | builtins.str | Fed[INT] = 800,
        height: builtins.int | builtins.str | Fed[INT] = 600,
        bare: builtins.bool | Fed[BOOL] = False,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> PlotHistogram:
        """Draw how many elements lie in each of some equal bins; what is no finite number is left out.

        Args:
            tensor (TENSOR)
            bins (INT 1 to 10000)
            low (FLOAT -1.79769e+308 to 1.79769e+308)
            high (FLOAT -1.79769e+308 to 1.79769e+308): Not above low: the range of the elements.
            log (BOOL): Heights as logarithms.
            title_ (STRING): Empty for none.
            width (INT 64 to 8192 px)
            height (INT 64 to 8192 px)
            bare (BOOL): The drawing alone, without axes and margins.

        Outputs:
            image (IMAGE)
        """
    def line(
        self,
        *,
        table: Fed[TABLE],
        x: builtins.str | Fed[STRING] = '',
        y: Any = ...,
        title_: builtins.str | Fed[STRING] = '',
        width: builtins.int | builtins.str | Fed[INT] = 800,
        height: builtins.int | builtins.str | Fed[INT] = 600,
        markers: builtins.bool | Fed[BOOL] = False,
        bare: builtins.bool | Fed[BOOL] = False,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> PlotLine:
        """Draw columns of a table as lines; gaps are gaps.

        Args:
            table (TABLE)
            x (STRING): Column to the right; empty counts the rows.
            y (JSON): Columns upwards, a colour each.
            title_ (STRING): Empty for none.
            width (INT 64 to 8192 px)
            height (INT 64 to 8192 px)
            markers (BOOL)
            bare (BOOL): The drawing alone, without axes and margins.

        Outputs:
            image (IMAGE)
        """
    def pie(
        self,
        *,
        table: Fed[TABLE],
        label: builtins.str | Fed[STRING],
        y: builtins.str | Fed[STRING],
        hole: builtins.float | Fed[FLOAT] = 0.0,
        title_: builtins.str | Fed[STRING] = '',
        width: builtins.int | builtins.str | Fed[INT] = 800,
        height: builtins.int | builtins.str | Fed[INT] = 600,
        labels: Literal['name', 'share', 'none'] | Fed[STRING] = 'name',
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> PlotPie:
        """Draw the shares of a whole as parts of a disk.

        Args:
            table (TABLE)
            label (STRING): Column of the names of the parts.
            y (STRING): Column of their sizes.
            hole (FLOAT 0 to 0.9): Of a ring; 0 for none.
            title_ (STRING): Empty for none.
            width (INT 64 to 8192 px)
            height (INT 64 to 8192 px)
            labels (STRING)

        Outputs:
            image (IMAGE)
        """
    def scatter(
        self,
        *,
        table: Fed[TABLE],
        x: builtins.str | Fed[STRING],
        y: builtins.str | Fed[STRING],
        color: builtins.str | Fed[STRING] = '',
        size: builtins.float | Fed[FLOAT] = 20.0,
        title_: builtins.str | Fed[STRING] = '',
        width: builtins.int | builtins.str | Fed[INT] = 800,
        height: builtins.int | builtins.str | Fed[INT] = 600,
        bare: builtins.bool | Fed[BOOL] = False,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> PlotScatter:
        """Draw a point for each row of a table.

        Args:
            table (TABLE)
            x (STRING): Column to the right.
            y (STRING): Column upwards.
            color (STRING): Column of numbers that colours the points; empty for one colour.
            size (FLOAT 0.1 to 1000)
            title_ (STRING): Empty for none.
            width (INT 64 to 8192 px)
            height (INT 64 to 8192 px)
            bare (BOOL): The drawing alone, without axes and margins.

        Outputs:
            image (IMAGE)
        """
    def surface(
        self,
        *,
        tensor: Fed[TENSOR],
        colors: Literal['viridis', 'magma', 'gray', 'coolwarm', 'turbo'] | Fed[STRING] = 'viridis',
        exaggeration: builtins.float | Fed[FLOAT] = 1.0,
        width: builtins.int | builtins.str | Fed[INT] = 800,
        height: builtins.int | builtins.str | Fed[INT] = 600,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> PlotSurface:
        """Draw heights as if the sun stood in the north-west.

        Args:
            tensor (TENSOR): (row, column) of heights.
            colors (STRING): From low to high.
            exaggeration (FLOAT 0.01 to 1000)
            width (INT 64 to 8192 px)
            height (INT 64 to 8192 px)

        Outputs:
            image (IMAGE)
        """
    def waveform(
        self,
        *,
        audio: Fed[AUDIO],
        title_: builtins.str | Fed[STRING] = '',
        width: builtins.int | builtins.str | Fed[INT] = 800,
        height: builtins.int | builtins.str | Fed[INT] = 300,
        bare: builtins.bool | Fed[BOOL] = False,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> PlotWaveform:
        """Draw a sound over time: of each column of pixels the least and the greatest sample, over all channels.

        Args:
            audio (AUDIO)
            title_ (STRING): Empty for none.
            width (INT 64 to 8192 px)
            height (INT 64 to 8192 px)
            bare (BOOL): The drawing alone, without axes and margins.

        Outputs:
            image (IMAGE)
        """

class TablePack:
    def add_index(
        self,
        *,
        table: Fed[TABLE],
        name: builtins.str | Fed[STRING] = 'index',
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TableAddIndex:
        """Put a column before the others that counts rows from 0.

        Args:
            table (TABLE)
            name (STRING): Of the new column.

        Outputs:
            table (TABLE)
        """
    def aggregate(
        self,
        *,
        table: Fed[TABLE],
        keys: Any = ...,
        values: Any = ...,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TableAggregate:
        """One row for each group of rows; a column for each function, `price_mean` say.

        Args:
            table (TABLE)
            keys (JSON): Columns that tell groups apart; empty makes one group of all rows.
            values (JSON): Such as {\"price\": [\"mean\", \"min\"]}; also sum, count, stddev, first, …

        Outputs:
            table (TABLE)
        """
    def cast(
        self,
        *,
        table: Fed[TABLE],
        column: builtins.str | Fed[STRING],
        type: Literal['int64', 'float64', 'float32', 'string', 'bool', 'date', 'timestamp'] | Fed[STRING] = 'float64',
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TableCast:
        """Turn a column into another type.

        Args:
            table (TABLE)
            column (STRING): Its name.
            type (STRING): What does not fit is an error.

        Outputs:
            table (TABLE)
        """
    def check(
        self,
        *,
        table: Fed[TABLE],
        columns: Any = ...,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TableCheck:
        """Pass the table on if it has these columns of these types; fail if not.

        Args:
            table (TABLE)
            columns (JSON): Name → type, such as {\"price\": \"double\"}; \"\" takes any type.

        Outputs:
            table (TABLE)
        """
    def column(
        self,
        *,
        table: Fed[TABLE],
        column: builtins.str | Fed[STRING],
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TableColumn:
        """A column as a JSON list; null where there is no value, dates as text.

        Args:
            table (TABLE)
            column (STRING): Its name.

        Outputs:
            values (JSON)
        """
    def compute(
        self,
        *,
        table: Fed[TABLE],
        name: builtins.str | Fed[STRING],
        formula: builtins.str | Fed[STRING],
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TableCompute:
        """Add a column that a formula gives for each row.

        Args:
            table (TABLE)
            name (STRING): Of the column; one of that name is replaced.
            formula (STRING): Over columns by name, or column('any name'): + - * / **, comparisons, in, and/or/not, abs, lower, contains …

        Outputs:
            table (TABLE)
        """
    def concat(
        self,
        *,
        tables: Fed[TABLE] | builtins.list[Fed[TABLE]],
        strict: builtins.bool | Fed[BOOL] = True,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TableConcat:
        """The rows of all tables, one after the other.

        Args:
            tables (TABLE)
            strict (BOOL): All must have the same columns; else gaps are left.

        Outputs:
            table (TABLE)
        """
    def describe(
        self,
        *,
        table: Fed[TABLE],
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TableDescribe:
        """A row for each column of numbers: how many there are, mean, deviation (of a sample), quartiles, ends.

        Args:
            table (TABLE)

        Outputs:
            table (TABLE)
        """
    def distinct(
        self,
        *,
        table: Fed[TABLE],
        columns: Any = ...,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TableDistinct:
        """Of rows that are equal only the first.

        Args:
            table (TABLE)
            columns (JSON): Equal in which columns; empty means all.

        Outputs:
            table (TABLE)
        """
    def drop(
        self,
        *,
        table: Fed[TABLE],
        columns: Any = ...,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TableDrop:
        """Leave some columns out.

        Args:
            table (TABLE)
            columns (JSON): A list of column names.

        Outputs:
            table (TABLE)
        """
    def drop_null(
        self,
        *,
        table: Fed[TABLE],
        columns: Any = ...,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TableDropNull:
        """Leave out rows that lack a value.

        Args:
            table (TABLE)
            columns (JSON): In which columns; empty means any.

        Outputs:
            table (TABLE)
        """
    def fill_null(
        self,
        *,
        table: Fed[TABLE],
        column: builtins.str | Fed[STRING],
        method: Literal['value', 'mean', 'forward', 'backward'] | Fed[STRING] = 'value',
        value: Any = 0,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TableFillNull:
        """Put a value where a column has none: a given one, the mean, or that of the row before or after.

        Args:
            table (TABLE)
            column (STRING): Its name.
            method (STRING)
            value (JSON): In method value.

        Outputs:
            table (TABLE)
        """
    def filter(
        self,
        *,
        table: Fed[TABLE],
        condition: builtins.str | Fed[STRING] = 'True',
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TableFilter:
        """Keep the rows for which a condition holds; where it has no value, because of a gap, it does not.

        Args:
            table (TABLE)
            condition (STRING): Over columns by name, or column('any name'): + - * / **, comparisons, in, and/or/not, abs, lower, contains …

        Outputs:
            table (TABLE)
        """
    def from_json(
        self,
        *,
        value: Fed[JSON],
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TableFromJson:
        """Make a table of rows or columns that are written down.

        Args:
            value (JSON): A list of objects, a row each; or an object of lists, a column each.

        Outputs:
            table (TABLE)
        """
    def from_tensor(
        self,
        *,
        tensor: Fed[TENSOR],
        columns: Any = ...,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TableFromTensor:
        """A table of the columns of a tensor.

        Args:
            tensor (TENSOR): (row, column), or one column alone.
            columns (JSON): Names; empty makes column_0, column_1, …

        Outputs:
            table (TABLE)
        """
    def info(
        self,
        *,
        table: Fed[TABLE],
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TableInfo:
        """Tell how many rows a table has, and which columns.

        Args:
            table (TABLE)

        Outputs:
            rows (INT)
            columns (JSON): Their names.
            types (JSON): Name → type.
        """
    def join(
        self,
        *,
        left: Fed[TABLE],
        right: Fed[TABLE],
        keys: Any = ...,
        how: Literal['inner', 'left', 'right', 'full', 'semi', 'anti'] | Fed[STRING] = 'inner',
        suffix: builtins.str | Fed[STRING] = '_right',
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TableJoin:
        """Put rows of two tables side by side that agree in some columns.

        Args:
            left (TABLE)
            right (TABLE)
            keys (JSON): Names of the columns that must be equal; both tables have them.
            how (STRING): semi: rows of left that have a partner; anti: those that have none.
            suffix (STRING): For columns of right whose name left has too.

        Outputs:
            table (TABLE)
        """
    def pivot(
        self,
        *,
        table: Fed[TABLE],
        keys: Any = ...,
        names: builtins.str | Fed[STRING] = 'variable',
        values: builtins.str | Fed[STRING] = 'value',
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TablePivot:
        """A column for each value of one column; gaps where a row has no such value.

        Args:
            table (TABLE)
            keys (JSON): Columns that tell the new rows apart.
            names (STRING): Column whose values become column names.
            values (STRING): Column of what stands in them.

        Outputs:
            table (TABLE)
        """
    def read_arrow(
        self,
        *,
        path: builtins.str | PathLike[builtins.str] | Fed[PATH],
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TableReadArrow:
        """Read a table from an Arrow file.

        Args:
            path (PATH): An Arrow IPC file (.arrow, .feather) or stream.

        Outputs:
            table (TABLE)
        """
    def read_csv(
        self,
        *,
        path: builtins.str | PathLike[builtins.str] | Fed[PATH],
        separator: Literal[',', ';', 'tab', '|', 'space'] | Fed[STRING] = ',',
        header: builtins.bool | Fed[BOOL] = True,
        columns: Any = ...,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TableReadCsv:
        """Read a table from a CSV file; the types of its columns are what all their fields fit.

        Args:
            path (PATH): A text file in UTF-8.
            separator (STRING): Between two fields of a line.
            header (BOOL): The first line names the columns; else they are f0, f1, …
            columns (JSON): Names of the columns to read; empty reads all.

        Outputs:
            table (TABLE)
        """
    def read_json(
        self,
        *,
        path: builtins.str | PathLike[builtins.str] | Fed[PATH],
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TableReadJson:
        """Read a table from a file of JSON objects, a row each.

        Args:
            path (PATH): A JSON object a line.

        Outputs:
            table (TABLE)
        """
    def read_parquet(
        self,
        *,
        path: builtins.str | PathLike[builtins.str] | Fed[PATH],
        columns: Any = ...,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TableReadParquet:
        """Read a table, or some of its columns, from a Parquet file.

        Args:
            path (PATH): A .parquet file.
            columns (JSON): Names of the columns to read; empty reads all.

        Outputs:
            table (TABLE)
        """
    def rename(
        self,
        *,
        table: Fed[TABLE],
        names: Any = ...,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TableRename:
        """Give columns other names.

        Args:
            table (TABLE)
            names (JSON): Old name → new name, such as {\"a\": \"b\"}.

        Outputs:
            table (TABLE)
        """
    def sample(
        self,
        *,
        table: Fed[TABLE],
        count: builtins.int | builtins.str | Fed[INT] = 10,
        seed: builtins.int | builtins.str | Fed[INT] = 0,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TableSample:
        """Different rows by chance, in the table's order; all if there are no more.

        Args:
            table (TABLE)
            count (INT 0 to 2.14748e+09)
            seed (INT 0 to 1.84467e+19): The same seed gives the same result, on every device.

        Outputs:
            table (TABLE)
        """
    def select(
        self,
        *,
        table: Fed[TABLE],
        columns: Any = ...,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TableSelect:
        """Keep some columns, in this order.

        Args:
            table (TABLE)
            columns (JSON): A list of column names.

        Outputs:
            table (TABLE)
        """
    def slice(
        self,
        *,
        table: Fed[TABLE],
        start: builtins.int | builtins.str | Fed[INT] = 0,
        count: builtins.int | builtins.str | Fed[INT] = 10,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TableSlice:
        """Some rows one after the other.

        Args:
            table (TABLE)
            start (INT 0 to 1.09951e+12): The first row, counted from 0.
            count (INT 0 to 1.09951e+12): How many at most.

        Outputs:
            table (TABLE)
        """
    def sort(
        self,
        *,
        table: Fed[TABLE],
        columns: Any = ...,
        descending: builtins.bool | Fed[BOOL] = False,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TableSort:
        """Put rows in the order of some columns; equal ones keep theirs, and gaps come last.

        Args:
            table (TABLE)
            columns (JSON): By which columns, the first before the second.
            descending (BOOL)

        Outputs:
            table (TABLE)
        """
    def split(
        self,
        *,
        table: Fed[TABLE],
        share: builtins.float | Fed[FLOAT] = 0.8,
        seed: builtins.int | builtins.str | Fed[INT] = 0,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TableSplit:
        """Deal rows out to two tables by chance, for training and test say; each keeps the table's order.

        Args:
            table (TABLE)
            share (FLOAT 0 to 1): Of the first part.
            seed (INT 0 to 1.84467e+19): The same seed gives the same result, on every device.

        Outputs:
            first (TABLE)
            second (TABLE)
        """
    def to_json(
        self,
        *,
        table: Fed[TABLE],
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TableToJson:
        """The rows as a list of objects; null for gaps and what is no number, dates as text.

        Args:
            table (TABLE)

        Outputs:
            rows (JSON)
        """
    def to_tensor(
        self,
        *,
        table: Fed[TABLE],
        columns: Any = ...,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TableToTensor:
        """Numbers as float32 of shape (row, column); NaN for gaps.

        Args:
            table (TABLE)
            columns (JSON): Columns of numbers; empty takes all.

        Outputs:
            tensor (TENSOR)
        """
    def to_text(
        self,
        *,
        table: Fed[TABLE],
        rows: builtins.int | builtins.str | Fed[INT] = 20,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TableToText:
        """The first rows as a Markdown table, for people.

        Args:
            table (TABLE)
            rows (INT 1 to 1000): How many at most.

        Outputs:
            text (STRING)
        """
    def unpivot(
        self,
        *,
        table: Fed[TABLE],
        columns: Any = ...,
        name: builtins.str | Fed[STRING] = 'variable',
        value: builtins.str | Fed[STRING] = 'value',
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TableUnpivot:
        """A row for each value of some columns; the other columns are repeated.

        Args:
            table (TABLE)
            columns (JSON): Which columns; all of one type.
            name (STRING): Of the column that says which one it was.
            value (STRING): Of the column of their values.

        Outputs:
            table (TABLE)
        """
    def value_counts(
        self,
        *,
        table: Fed[TABLE],
        column: builtins.str | Fed[STRING],
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TableValueCounts:
        """How often each value of a column occurs, the most frequent first.

        Args:
            table (TABLE)
            column (STRING): Its name.

        Outputs:
            table (TABLE)
        """
    def write_arrow(
        self,
        *,
        table: Fed[TABLE],
        filename: builtins.str | Fed[STRING] = 'table.arrow',
        overwrite: builtins.bool | Fed[BOOL] = False,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TableWriteArrow:
        """Write a table to an Arrow IPC file, which other programs map into memory as it is.

        Args:
            table (TABLE)
            filename (STRING): Within the execution's output folder.
            overwrite (BOOL): Replace a file of that name; else the new one gets a number.

        Outputs:
            path (PATH)
        """
    def write_csv(
        self,
        *,
        table: Fed[TABLE],
        filename: builtins.str | Fed[STRING] = 'table.csv',
        separator: Literal[',', ';', 'tab', '|', 'space'] | Fed[STRING] = ',',
        overwrite: builtins.bool | Fed[BOOL] = False,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TableWriteCsv:
        """Write a table to a CSV file, with a line of column names.

        Args:
            table (TABLE)
            filename (STRING): Within the execution's output folder.
            separator (STRING): Between two fields of a line.
            overwrite (BOOL): Replace a file of that name; else the new one gets a number.

        Outputs:
            path (PATH)
        """
    def write_parquet(
        self,
        *,
        table: Fed[TABLE],
        filename: builtins.str | Fed[STRING] = 'table.parquet',
        compression: Literal['zstd', 'snappy', 'none'] | Fed[STRING] = 'zstd',
        overwrite: builtins.bool | Fed[BOOL] = False,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TableWriteParquet:
        """Write a table to a Parquet file, which keeps the types of its columns.

        Args:
            table (TABLE)
            filename (STRING): Within the execution's output folder.
            compression (STRING)
            overwrite (BOOL): Replace a file of that name; else the new one gets a number.

        Outputs:
            path (PATH)
        """

class TensorPack:
    def arg_extreme(
        self,
        *,
        tensor: Fed[TENSOR],
        operation: Literal['maximum', 'minimum'] | Fed[STRING] = 'maximum',
        axis: builtins.int | builtins.str | Fed[INT] = -1,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TensorArgExtreme:
        """Index of the greatest or least element along an axis; of equal ones the first.

        Args:
            tensor (TENSOR)
            operation (STRING)
            axis (INT -64 to 63): Counted from 0; −1 is the last.

        Outputs:
            tensor (TENSOR)
        """
    def arithmetic(
        self,
        *,
        a: Fed[TENSOR],
        b: Fed[TENSOR],
        operation: Literal['add', 'subtract', 'multiply', 'divide', 'floor_divide', 'remainder', 'power', 'minimum', 'maximum', 'atan2', 'hypot'] | Fed[STRING] = 'add',
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TensorArithmetic:
        """Join two tensors element by element. Division by zero gives infinity or NaN, of whole numbers an error.

        Args:
            a (TENSOR)
            b (TENSOR)
            operation (STRING)

        Outputs:
            tensor (TENSOR)
        """
    def cast(
        self,
        *,
        tensor: Fed[TENSOR],
        dtype: Literal['float32', 'float64', 'float16', 'bfloat16', 'int64', 'int32', 'int16', 'int8', 'uint8', 'bool', 'complex64'] | Fed[STRING] = 'float32',
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TensorCast:
        """The same elements in another type.

        Args:
            tensor (TENSOR)
            dtype (STRING): Fractions are cut off for whole numbers.

        Outputs:
            tensor (TENSOR)
        """
    def cholesky(
        self,
        *,
        matrix: Fed[TENSOR],
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TensorCholesky:
        """The lower triangular matrix whose product with its own transpose is the matrix.

        Args:
            matrix (TENSOR): Symmetric and positive definite.

        Outputs:
            tensor (TENSOR)
        """
    def clamp(
        self,
        *,
        tensor: Fed[TENSOR],
        low: builtins.float | Fed[FLOAT] = 0.0,
        high: builtins.float | Fed[FLOAT] = 1.0,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TensorClamp:
        """Every element, but not below low nor above high.

        Args:
            tensor (TENSOR)
            low (FLOAT -1.79769e+308 to 1.79769e+308)
            high (FLOAT -1.79769e+308 to 1.79769e+308)

        Outputs:
            tensor (TENSOR)
        """
    def close(
        self,
        *,
        a: Fed[TENSOR],
        b: Fed[TENSOR],
        relative: builtins.float | Fed[FLOAT] = 1e-05,
        absolute: builtins.float | Fed[FLOAT] = 1e-08,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TensorClose:
        """Whether two tensors have one shape and nearly the same elements; NaN equals NaN.

        Args:
            a (TENSOR)
            b (TENSOR)
            relative (FLOAT 0 to 1)
            absolute (FLOAT -1.79769e+308 to 1.79769e+308)

        Outputs:
            value (BOOL)
        """
    def compare(
        self,
        *,
        a: Fed[TENSOR],
        b: Fed[TENSOR],
        operation: Literal['less', 'less_or_equal', 'equal', 'not_equal', 'greater_or_equal', 'greater'] | Fed[STRING] = 'less',
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TensorCompare:
        """Whether elements stand in that relation; the result is of type bool.

        Args:
            a (TENSOR)
            b (TENSOR)
            operation (STRING)

        Outputs:
            tensor (TENSOR)
        """
    def complex_parts(
        self,
        *,
        tensor: Fed[TENSOR],
        part: Literal['magnitude', 'phase', 'real', 'imaginary', 'power'] | Fed[STRING] = 'magnitude',
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TensorComplexParts:
        """Length, angle in radians, real or imaginary part, or squared length of complex numbers.

        Args:
            tensor (TENSOR)
            part (STRING)

        Outputs:
            tensor (TENSOR)
        """
    def concat(
        self,
        *,
        tensors: Fed[TENSOR] | builtins.list[Fed[TENSOR]],
        axis: builtins.int | builtins.str | Fed[INT] = 0,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TensorConcat:
        """Put tensors one after the other along an axis.

        Args:
            tensors (TENSOR)
            axis (INT -64 to 63): Counted from 0; −1 is the last.

        Outputs:
            tensor (TENSOR)
        """
    def convolve(
        self,
        *,
        tensor: Fed[TENSOR],
        kernel: Fed[TENSOR],
        axis: builtins.int | builtins.str | Fed[INT] = -1,
        mode: Literal['full', 'same', 'valid'] | Fed[STRING] = 'same',
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TensorConvolve:
        """Convolve with a kernel along an axis; beyond the ends there are zeros.

        Args:
            tensor (TENSOR)
            kernel (TENSOR): One axis.
            axis (INT -64 to 63): Counted from 0; −1 is the last.
            mode (STRING): How much of the ends stays.

        Outputs:
            tensor (TENSOR)
        """
    def coordinates(
        self,
        *,
        shape: Any = ...,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TensorCoordinates:
        """For each place of a shape its indices along the axes, in the last axis.

        Args:
            shape (JSON): Lengths of the axes, such as [2, 3].

        Outputs:
            tensor (TENSOR)
        """
    def covariance(
        self,
        *,
        rows: Fed[TENSOR],
        scale: Literal['covariance', 'correlation'] | Fed[STRING] = 'covariance',
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TensorCovariance:
        """How variables go together, two at a time.

        Args:
            rows (TENSOR): An observation a row, a variable a column.
            scale (STRING): Correlation: of variables of deviation 1.

        Outputs:
            tensor (TENSOR)
        """
    def cross(
        self,
        *,
        a: Fed[TENSOR],
        b: Fed[TENSOR],
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TensorCross:
        """The vector at right angles to two of three elements, along the last axis.

        Args:
            a (TENSOR)
            b (TENSOR)

        Outputs:
            tensor (TENSOR)
        """
    def cumulative(
        self,
        *,
        tensor: Fed[TENSOR],
        operation: Literal['sum', 'product', 'maximum', 'minimum'] | Fed[STRING] = 'sum',
        axis: builtins.int | builtins.str | Fed[INT] = -1,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TensorCumulative:
        """At each place what all elements up to it give.

        Args:
            tensor (TENSOR)
            operation (STRING)
            axis (INT -64 to 63): Counted from 0; −1 is the last.

        Outputs:
            tensor (TENSOR)
        """
    def determinant(
        self,
        *,
        matrix: Fed[TENSOR],
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TensorDeterminant:
        """The determinant of a square matrix.

        Args:
            matrix (TENSOR)

        Outputs:
            tensor (TENSOR)
        """
    def diagonal(
        self,
        *,
        tensor: Fed[TENSOR],
        offset: builtins.int | builtins.str | Fed[INT] = 0,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TensorDiagonal:
        """The diagonal of a matrix; of a vector the matrix that has it as diagonal.

        Args:
            tensor (TENSOR)
            offset (INT -32768 to 32768): Above 0 lies above the diagonal.

        Outputs:
            tensor (TENSOR)
        """
    def difference(
        self,
        *,
        tensor: Fed[TENSOR],
        axis: builtins.int | builtins.str | Fed[INT] = -1,
        order: builtins.int | builtins.str | Fed[INT] = 1,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TensorDifference:
        """Each element minus the one before it along an axis; one shorter for each order.

        Args:
            tensor (TENSOR)
            axis (INT -64 to 63): Counted from 0; −1 is the last.
            order (INT 1 to 16)

        Outputs:
            tensor (TENSOR)
        """
    def distance(
        self,
        *,
        a: Fed[TENSOR],
        b: Fed[TENSOR],
        measure: Literal['rmse', 'mean_absolute', 'greatest', 'cosine', 'psnr'] | Fed[STRING] = 'rmse',
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TensorDistance:
        """How far two tensors of one shape are apart; psnr in dB for values in 0..1.

        Args:
            a (TENSOR)
            b (TENSOR)
            measure (STRING)

        Outputs:
            value (FLOAT)
        """
    def eigen(
        self,
        *,
        matrix: Fed[TENSOR],
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TensorEigen:
        """Eigenvalues and eigenvectors of a symmetric matrix.

        Args:
            matrix (TENSOR): Symmetric, or Hermitian; only its lower half is read.

        Outputs:
            values (TENSOR): Rising.
            vectors (TENSOR): A column each.
        """
    def fft(
        self,
        *,
        tensor: Fed[TENSOR],
        axes: Any = ...,
        inverse: builtins.bool | Fed[BOOL] = False,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TensorFft:
        """The discrete Fourier transform, or its inverse, which is divided by the number of elements; complex.

        Args:
            tensor (TENSOR)
            axes (JSON): Along which axes; empty means all.
            inverse (BOOL)

        Outputs:
            tensor (TENSOR)
        """
    def fft_shift(
        self,
        *,
        tensor: Fed[TENSOR],
        axes: Any = ...,
        inverse: builtins.bool | Fed[BOOL] = False,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TensorFftShift:
        """Move frequency 0 to the middle, or back to the start.

        Args:
            tensor (TENSOR)
            axes (JSON): Along which axes; empty means all.
            inverse (BOOL)

        Outputs:
            tensor (TENSOR)
        """
    def flip(
        self,
        *,
        tensor: Fed[TENSOR],
        axes: Any = ...,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TensorFlip:
        """Turn the order of the elements round.

        Args:
            tensor (TENSOR)
            axes (JSON): Which axes; empty means all.

        Outputs:
            tensor (TENSOR)
        """
    def frequencies(
        self,
        *,
        spectrum: Fed[TENSOR],
        axis: builtins.int | builtins.str | Fed[INT] = -1,
        rate: builtins.float | Fed[FLOAT] = 1.0,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TensorFrequencies:
        """The frequency of each element of a spectrum along an axis.

        Args:
            spectrum (TENSOR): What tensor.fft gave.
            axis (INT -64 to 63): Counted from 0; −1 is the last.
            rate (FLOAT 1e-09 to 1e+12): Samples a second.

        Outputs:
            tensor (TENSOR)
        """
    def from_json(
        self,
        *,
        values: Any = ...,
        dtype: Literal['float32', 'float64', 'float16', 'bfloat16', 'int64', 'int32', 'int16', 'int8', 'uint8', 'bool', 'complex64'] | Fed[STRING] = 'float32',
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TensorFromJson:
        """Make a tensor of numbers that are written down.

        Args:
            values (JSON): A number, or lists of numbers of equal lengths.
            dtype (STRING)

        Outputs:
            tensor (TENSOR)
        """
    def full(
        self,
        *,
        shape: Any = ...,
        value: builtins.float | Fed[FLOAT] = 0.0,
        dtype: Literal['float32', 'float64', 'float16', 'bfloat16', 'int64', 'int32', 'int16', 'int8', 'uint8', 'bool', 'complex64'] | Fed[STRING] = 'float32',
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TensorFull:
        """A tensor of which all elements are the same.

        Args:
            shape (JSON): Lengths of the axes, such as [2, 3].
            value (FLOAT -1.79769e+308 to 1.79769e+308)
            dtype (STRING): Type of the elements.

        Outputs:
            tensor (TENSOR)
        """
    def function(
        self,
        *,
        tensor: Fed[TENSOR],
        function: Literal['abs', 'negative', 'sign', 'square', 'sqrt', 'reciprocal', 'exp', 'expm1', 'log', 'log1p', 'log2', 'log10', 'sin', 'cos', 'tan', 'asin', 'acos', 'atan', 'sinh', 'cosh', 'tanh', 'floor', 'ceil', 'round', 'trunc', 'sigmoid', 'erf'] | Fed[STRING] = 'abs',
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TensorFunction:
        """A function of every element; NaN where it has no value, as for the root of −1.

        Args:
            tensor (TENSOR)
            function (STRING)

        Outputs:
            tensor (TENSOR)
        """
    def gradient(
        self,
        *,
        tensor: Fed[TENSOR],
        axis: builtins.int | builtins.str | Fed[INT] = -1,
        spacing: builtins.float | Fed[FLOAT] = 1.0,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TensorGradient:
        """The slope along an axis: central differences, and at the ends those to the one neighbour.

        Args:
            tensor (TENSOR)
            axis (INT -64 to 63): Counted from 0; −1 is the last.
            spacing (FLOAT 1e-12 to 1e+12)

        Outputs:
            tensor (TENSOR)
        """
    def histogram(
        self,
        *,
        tensor: Fed[TENSOR],
        bins: builtins.int | builtins.str | Fed[INT] = 256,
        low: builtins.float | Fed[FLOAT] = 0.0,
        high: builtins.float | Fed[FLOAT] = 1.0,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TensorHistogram:
        """How many elements lie in each of some equal bins; those beyond the ends are left out.

        Args:
            tensor (TENSOR)
            bins (INT 1 to 1.04858e+06)
            low (FLOAT -1.79769e+308 to 1.79769e+308)
            high (FLOAT -1.79769e+308 to 1.79769e+308): Not above low: the range of the elements.

        Outputs:
            counts (TENSOR)
            edges (TENSOR): Of the bins: one more than there are bins.
        """
    def identity(
        self,
        *,
        size: builtins.int | builtins.str | Fed[INT] = 3,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TensorIdentity:
        """The square matrix with ones on its diagonal and zeros elsewhere.

        Args:
            size (INT 1 to 32768)

        Outputs:
            tensor (TENSOR)
        """
    def info(
        self,
        *,
        tensor: Fed[TENSOR],
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TensorInfo:
        """Tell shape and element type.

        Args:
            tensor (TENSOR)

        Outputs:
            shape (JSON): Lengths of the axes.
            elements (INT): Number of all elements.
            dtype (STRING): Type of the elements.
        """
    def interpolate(
        self,
        *,
        a: Fed[TENSOR],
        b: Fed[TENSOR],
        t: builtins.float | Fed[FLOAT] = 0.5,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TensorInterpolate:
        """Between two tensors, element by element.

        Args:
            a (TENSOR)
            b (TENSOR)
            t (FLOAT -1.79769e+308 to 1.79769e+308): 0 gives a, 1 gives b; beyond goes on straight.

        Outputs:
            tensor (TENSOR)
        """
    def inverse(
        self,
        *,
        matrix: Fed[TENSOR],
        method: Literal['exact', 'pseudo'] | Fed[STRING] = 'exact',
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TensorInverse:
        """The inverse of a matrix.

        Args:
            matrix (TENSOR)
            method (STRING): Pseudo: Moore and Penrose's, of any matrix.

        Outputs:
            tensor (TENSOR)
        """
    def inverse_real_fft(
        self,
        *,
        spectrum: Fed[TENSOR],
        length: builtins.int | builtins.str | Fed[INT] = 0,
        axis: builtins.int | builtins.str | Fed[INT] = -1,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TensorInverseRealFft:
        """Real numbers of half a spectrum along an axis.

        Args:
            spectrum (TENSOR)
            length (INT 0 to 1.07374e+09): Of the result; 0 for an even one.
            axis (INT -64 to 63): Counted from 0; −1 is the last.

        Outputs:
            tensor (TENSOR)
        """
    def item(
        self,
        *,
        tensor: Fed[TENSOR],
        index: Any = ...,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TensorItem:
        """One element as a number.

        Args:
            tensor (TENSOR)
            index (JSON): Such as [0, 2]; empty for a tensor of one element.

        Outputs:
            value (FLOAT)
        """
    def kmeans(
        self,
        *,
        rows: Fed[TENSOR],
        clusters: builtins.int | builtins.str | Fed[INT] = 3,
        steps: builtins.int | builtins.str | Fed[INT] = 100,
        seed: builtins.int | builtins.str | Fed[INT] = 0,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TensorKmeans:
        """Gather observations around centres so that squared distances are small.

        Source: S. Lloyd (1982), begun as D. Arthur and S. Vassilvitskii say (k-means++, 2007).

        Args:
            rows (TENSOR): An observation a row, a variable a column.
            clusters (INT 1 to 4096)
            steps (INT 1 to 10000)
            seed (INT 0 to 1.84467e+19): The same seed gives the same result, on every device.

        Outputs:
            labels (TENSOR): To which cluster each observation belongs.
            centres (TENSOR)
        """
    def linspace(
        self,
        *,
        start: builtins.float | Fed[FLOAT] = 0.0,
        end: builtins.float | Fed[FLOAT] = 1.0,
        count: builtins.int | builtins.str | Fed[INT] = 10,
        spacing: Literal['linear', 'logarithmic'] | Fed[STRING] = 'linear',
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TensorLinspace:
        """Numbers at equal distances, both ends among them.

        Args:
            start (FLOAT -1.79769e+308 to 1.79769e+308)
            end (FLOAT -1.79769e+308 to 1.79769e+308)
            count (INT 1 to 1.07374e+09)
            spacing (STRING): Logarithmic: powers of 10 from start to end.

        Outputs:
            tensor (TENSOR)
        """
    def load(
        self,
        *,
        path: builtins.str | PathLike[builtins.str] | Fed[PATH],
        name: builtins.str | Fed[STRING] = '',
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TensorLoad:
        """Read a tensor from a file. Files that hold Python objects are refused.

        Args:
            path (PATH): A .npy, .npz or .safetensors file.
            name (STRING): Which one of a .npz or .safetensors file; empty for the only one.

        Outputs:
            tensor (TENSOR)
        """
    def logic(
        self,
        *,
        a: Fed[TENSOR],
        b: Fed[TENSOR],
        operation: Literal['and', 'or', 'xor'] | Fed[STRING] = 'and',
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TensorLogic:
        """Join two conditions element by element; everything but 0 counts as true.

        Args:
            a (TENSOR)
            b (TENSOR)
            operation (STRING)

        Outputs:
            tensor (TENSOR)
        """
    def matmul(
        self,
        *,
        a: Fed[TENSOR],
        b: Fed[TENSOR],
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TensorMatmul:
        """The product of two matrices, or of a matrix and a vector.

        Args:
            a (TENSOR)
            b (TENSOR)

        Outputs:
            tensor (TENSOR)
        """
    def moving_average(
        self,
        *,
        tensor: Fed[TENSOR],
        window: builtins.int | builtins.str | Fed[INT] = 5,
        axis: builtins.int | builtins.str | Fed[INT] = -1,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TensorMovingAverage:
        """The mean of each run of neighbours along an axis; window − 1 shorter than the axis.

        Args:
            tensor (TENSOR)
            window (INT 1 to 1.04858e+06)
            axis (INT -64 to 63): Counted from 0; −1 is the last.

        Outputs:
            tensor (TENSOR)
        """
    def norm(
        self,
        *,
        tensor: Fed[TENSOR],
        order: builtins.float | Fed[FLOAT] = 2.0,
        axes: Any = ...,
        keep: builtins.bool | Fed[BOOL] = False,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TensorNorm:
        """Length of the elements along some axes as a vector.

        Args:
            tensor (TENSOR)
            order (FLOAT 0 to 1e+06): 2 is Euclid's, 1 adds up, 0 counts.
            axes (JSON): Which axes go away, such as [0, 1]; empty means all.
            keep (BOOL): Leave the axes that go away with length 1.

        Outputs:
            tensor (TENSOR)
        """
    def not_(
        self,
        *,
        tensor: Fed[TENSOR],
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TensorNot:
        """True where an element is 0, else false.

        Args:
            tensor (TENSOR)

        Outputs:
            tensor (TENSOR)
        """
    def one_hot(
        self,
        *,
        tensor: Fed[TENSOR],
        classes: builtins.int | builtins.str | Fed[INT] = 0,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TensorOneHot:
        """A row for each number, with 1 at its place and 0 elsewhere.

        Args:
            tensor (TENSOR): Whole numbers from 0.
            classes (INT 0 to 1.04858e+06): 0: as many as needed.

        Outputs:
            tensor (TENSOR)
        """
    def outer(
        self,
        *,
        a: Fed[TENSOR],
        b: Fed[TENSOR],
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TensorOuter:
        """Every element of one vector times every element of another.

        Args:
            a (TENSOR)
            b (TENSOR)

        Outputs:
            tensor (TENSOR)
        """
    def pad(
        self,
        *,
        tensor: Fed[TENSOR],
        before: builtins.int | builtins.str | Fed[INT] = 1,
        after: builtins.int | builtins.str | Fed[INT] = 1,
        axis: builtins.int | builtins.str | Fed[INT] = -1,
        mode: Literal['constant', 'edge', 'wrap', 'reflect'] | Fed[STRING] = 'constant',
        value: builtins.float | Fed[FLOAT] = 0.0,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TensorPad:
        """Add elements before and after along an axis.

        Args:
            tensor (TENSOR)
            before (INT 0 to 1.67772e+07)
            after (INT 0 to 1.67772e+07)
            axis (INT -64 to 63): Counted from 0; −1 is the last.
            mode (STRING)
            value (FLOAT -1.79769e+308 to 1.79769e+308): In mode constant.

        Outputs:
            tensor (TENSOR)
        """
    def pairwise_distance(
        self,
        *,
        a: Fed[TENSOR],
        b: Fed[TENSOR],
        metric: Literal['euclidean', 'manhattan', 'chebyshev', 'cosine'] | Fed[STRING] = 'euclidean',
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TensorPairwiseDistance:
        """How far every observation of a is from every one of b.

        Args:
            a (TENSOR): An observation a row, a variable a column.
            b (TENSOR): An observation a row, a variable a column.
            metric (STRING)

        Outputs:
            tensor (TENSOR)
        """
    def pca(
        self,
        *,
        rows: Fed[TENSOR],
        count: builtins.int | builtins.str | Fed[INT] = 2,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TensorPca:
        """The directions in which observations differ most. The largest entry of each component is above 0.

        Args:
            rows (TENSOR): An observation a row, a variable a column.
            count (INT 1 to 4096): How many components.

        Outputs:
            scores (TENSOR): The observations along the components.
            components (TENSOR): A row each, by falling variance.
            variance (TENSOR): Of the observations along each.
        """
    def permutation(
        self,
        *,
        count: builtins.int | builtins.str | Fed[INT] = 10,
        seed: builtins.int | builtins.str | Fed[INT] = 0,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TensorPermutation:
        """The whole numbers from 0 below count in random order, to shuffle by.

        Args:
            count (INT 1 to 6.71089e+07)
            seed (INT 0 to 1.84467e+19): The same seed gives the same result, on every device.

        Outputs:
            tensor (TENSOR)
        """
    def permute(
        self,
        *,
        tensor: Fed[TENSOR],
        axes: Any = ...,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TensorPermute:
        """Put the axes in another order.

        Args:
            tensor (TENSOR)
            axes (JSON): All axes in their new order; empty turns it round.

        Outputs:
            tensor (TENSOR)
        """
    def qr(
        self,
        *,
        matrix: Fed[TENSOR],
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TensorQr:
        """A matrix as an orthogonal one times an upper triangular one.

        Args:
            matrix (TENSOR)

        Outputs:
            q (TENSOR)
            r (TENSOR)
        """
    def quantile(
        self,
        *,
        tensor: Fed[TENSOR],
        q: builtins.float | Fed[FLOAT] = 0.5,
        axis: builtins.int | builtins.str | Fed[INT] = -1,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TensorQuantile:
        """The value below which a share of the elements lies, interpolated between two.

        Args:
            tensor (TENSOR)
            q (FLOAT 0 to 1): 0.5 is the median.
            axis (INT -64 to 63): Counted from 0; −1 is the last.

        Outputs:
            tensor (TENSOR)
        """
    def random(
        self,
        *,
        shape: Any = ...,
        distribution: Literal['uniform', 'normal', 'bernoulli', 'exponential'] | Fed[STRING] = 'uniform',
        a: builtins.float | Fed[FLOAT] = 0.0,
        b: builtins.float | Fed[FLOAT] = 1.0,
        seed: builtins.int | builtins.str | Fed[INT] = 0,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TensorRandom:
        """Random numbers of a distribution; the same on every device.

        Args:
            shape (JSON): Lengths of the axes, such as [2, 3].
            distribution (STRING): Uniform: a to b. Normal: mean a, deviation b. Bernoulli: 1 with chance a. Exponential: rate a.
            a (FLOAT -1.79769e+308 to 1.79769e+308)
            b (FLOAT -1.79769e+308 to 1.79769e+308)
            seed (INT 0 to 1.84467e+19): The same seed gives the same result, on every device.

        Outputs:
            tensor (TENSOR)
        """
    def real_fft(
        self,
        *,
        tensor: Fed[TENSOR],
        axis: builtins.int | builtins.str | Fed[INT] = -1,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TensorRealFft:
        """The transform of real numbers along an axis, without its mirrored half; complex.

        Args:
            tensor (TENSOR)
            axis (INT -64 to 63): Counted from 0; −1 is the last.

        Outputs:
            tensor (TENSOR)
        """
    def reduce(
        self,
        *,
        tensor: Fed[TENSOR],
        operation: Literal['sum', 'mean', 'minimum', 'maximum', 'std', 'variance', 'count', 'any', 'all', 'product', 'median'] | Fed[STRING] = 'mean',
        axes: Any = ...,
        keep: builtins.bool | Fed[BOOL] = False,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TensorReduce:
        """One number of all elements along some axes.

        Args:
            tensor (TENSOR)
            operation (STRING): std and variance of all elements, not of a sample; count: those not 0.
            axes (JSON): Which axes go away, such as [0, 1]; empty means all.
            keep (BOOL): Leave the axes that go away with length 1.

        Outputs:
            tensor (TENSOR)
        """
    def replace_nonfinite(
        self,
        *,
        tensor: Fed[TENSOR],
        nan: builtins.float | Fed[FLOAT] = 0.0,
        high: builtins.float | Fed[FLOAT] = 1.0,
        low: builtins.float | Fed[FLOAT] = 0.0,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TensorReplaceNonfinite:
        """Put numbers where there are none.

        Args:
            tensor (TENSOR)
            nan (FLOAT -1.79769e+308 to 1.79769e+308)
            high (FLOAT -1.79769e+308 to 1.79769e+308): For +infinity.
            low (FLOAT -1.79769e+308 to 1.79769e+308): For −infinity.

        Outputs:
            tensor (TENSOR)
        """
    def resample(
        self,
        *,
        tensor: Fed[TENSOR],
        length: builtins.int | builtins.str | Fed[INT] = 100,
        axis: builtins.int | builtins.str | Fed[INT] = -1,
        mode: Literal['linear', 'nearest'] | Fed[STRING] = 'linear',
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TensorResample:
        """Make an axis longer or shorter by interpolation.

        Args:
            tensor (TENSOR)
            length (INT 1 to 6.71089e+07): New length of the axis.
            axis (INT -64 to 63): Counted from 0; −1 is the last.
            mode (STRING): Linear keeps both ends.

        Outputs:
            tensor (TENSOR)
        """
    def rescale(
        self,
        *,
        tensor: Fed[TENSOR],
        low: builtins.float | Fed[FLOAT] = 0.0,
        high: builtins.float | Fed[FLOAT] = 1.0,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TensorRescale:
        """Stretch all elements so that the least becomes low and the greatest high; equal ones become low.

        Args:
            tensor (TENSOR)
            low (FLOAT -1.79769e+308 to 1.79769e+308)
            high (FLOAT -1.79769e+308 to 1.79769e+308)

        Outputs:
            tensor (TENSOR)
        """
    def reshape(
        self,
        *,
        tensor: Fed[TENSOR],
        shape: Any = ...,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TensorReshape:
        """The same elements, in their order, in another shape.

        Args:
            tensor (TENSOR)
            shape (JSON): One length may be −1: what is left.

        Outputs:
            tensor (TENSOR)
        """
    def roll(
        self,
        *,
        tensor: Fed[TENSOR],
        shift: builtins.int | builtins.str | Fed[INT] = 1,
        axis: builtins.int | builtins.str | Fed[INT] = 0,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TensorRoll:
        """Shift along an axis; what leaves at one end comes in at the other.

        Args:
            tensor (TENSOR)
            shift (INT -2.14748e+09 to 2.14748e+09)
            axis (INT -64 to 63): Counted from 0; −1 is the last.

        Outputs:
            tensor (TENSOR)
        """
    def save(
        self,
        *,
        tensor: Fed[TENSOR],
        filename: builtins.str | Fed[STRING] = 'tensor.npy',
        name: builtins.str | Fed[STRING] = 'tensor',
        overwrite: builtins.bool | Fed[BOOL] = False,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TensorSave:
        """Write a tensor to a file.

        Args:
            tensor (TENSOR)
            filename (STRING): Ends in .npy or .safetensors; within the execution's output folder.
            name (STRING): Of the tensor in a .safetensors file.
            overwrite (BOOL): Replace a file of that name; else the new one gets a number.

        Outputs:
            path (PATH)
        """
    def scale_shift(
        self,
        *,
        tensor: Fed[TENSOR],
        scale: builtins.float | Fed[FLOAT] = 1.0,
        shift: builtins.float | Fed[FLOAT] = 0.0,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TensorScaleShift:
        """Multiply every element by a number, then add another.

        Args:
            tensor (TENSOR)
            scale (FLOAT -1.79769e+308 to 1.79769e+308)
            shift (FLOAT -1.79769e+308 to 1.79769e+308)

        Outputs:
            tensor (TENSOR)
        """
    def select_where(
        self,
        *,
        tensor: Fed[TENSOR],
        condition: Fed[TENSOR],
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TensorSelectWhere:
        """The elements at which a condition holds, in a row.

        Args:
            tensor (TENSOR)
            condition (TENSOR): Of the same shape.

        Outputs:
            tensor (TENSOR)
        """
    def slice(
        self,
        *,
        tensor: Fed[TENSOR],
        axis: builtins.int | builtins.str | Fed[INT] = 0,
        start: builtins.int | builtins.str | Fed[INT] = 0,
        stop: builtins.int | builtins.str | Fed[INT] | None = None,
        step: builtins.int | builtins.str | Fed[INT] = 1,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TensorSlice:
        """A part along one axis, by Python's rules.

        Args:
            tensor (TENSOR)
            axis (INT -64 to 63): Counted from 0; −1 is the last.
            start (INT -4.61169e+18 to 4.61169e+18): Below 0 counts from the end.
            stop (INT -4.61169e+18 to 4.61169e+18): The first that is not taken; none goes to the end.
            step (INT 1 to 2.14748e+09)

        Outputs:
            tensor (TENSOR)
        """
    def softmax(
        self,
        *,
        tensor: Fed[TENSOR],
        axis: builtins.int | builtins.str | Fed[INT] = -1,
        temperature: builtins.float | Fed[FLOAT] = 1.0,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TensorSoftmax:
        """Turn scores into shares that add up to 1 along an axis.

        Args:
            tensor (TENSOR)
            axis (INT -64 to 63): Counted from 0; −1 is the last.
            temperature (FLOAT 1e-06 to 1.79769e+308)

        Outputs:
            tensor (TENSOR)
        """
    def solve(
        self,
        *,
        a: Fed[TENSOR],
        b: Fed[TENSOR],
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TensorSolve:
        """The x of a·x = b; for more equations than unknowns the one with the least squares of errors.

        Args:
            a (TENSOR)
            b (TENSOR)

        Outputs:
            tensor (TENSOR)
        """
    def sort(
        self,
        *,
        tensor: Fed[TENSOR],
        axis: builtins.int | builtins.str | Fed[INT] = -1,
        descending: builtins.bool | Fed[BOOL] = False,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TensorSort:
        """Sort along an axis; equal elements keep their order.

        Args:
            tensor (TENSOR)
            axis (INT -64 to 63): Counted from 0; −1 is the last.
            descending (BOOL)

        Outputs:
            values (TENSOR)
            indices (TENSOR): Where each of the values stood.
        """
    def split(
        self,
        *,
        tensor: Fed[TENSOR],
        axis: builtins.int | builtins.str | Fed[INT] = 0,
        size: builtins.int | builtins.str | Fed[INT] = 1,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TensorSplit:
        """Cut into parts along an axis; the last one may be smaller. What takes a tensor runs once for each.

        Args:
            tensor (TENSOR)
            axis (INT -64 to 63): Counted from 0; −1 is the last.
            size (INT 1 to 2.14748e+09): Of each part.

        Outputs:
            tensor (LIST[TENSOR])
        """
    def squeeze(
        self,
        *,
        tensor: Fed[TENSOR],
        axes: Any = ...,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TensorSqueeze:
        """Take axes of length 1 away.

        Args:
            tensor (TENSOR)
            axes (JSON): Which axes; empty means all of length 1.

        Outputs:
            tensor (TENSOR)
        """
    def stack(
        self,
        *,
        tensors: Fed[TENSOR] | builtins.list[Fed[TENSOR]],
        axis: builtins.int | builtins.str | Fed[INT] = 0,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TensorStack:
        """Put tensors of one shape side by side along a new axis.

        Args:
            tensors (TENSOR)
            axis (INT -64 to 63): Counted from 0; −1 is the last.

        Outputs:
            tensor (TENSOR)
        """
    def standardize(
        self,
        *,
        tensor: Fed[TENSOR],
        axis: builtins.int | builtins.str | Fed[INT] = 0,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TensorStandardize:
        """Shift and scale along an axis to mean 0 and deviation 1; what does not vary becomes 0.

        Args:
            tensor (TENSOR)
            axis (INT -64 to 63): Counted from 0; −1 is the last.

        Outputs:
            tensor (TENSOR)
        """
    def svd(
        self,
        *,
        matrix: Fed[TENSOR],
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TensorSvd:
        """A matrix as u · diag(values) · vh, as small as it goes.

        Args:
            matrix (TENSOR)

        Outputs:
            u (TENSOR)
            values (TENSOR): Falling.
            vh (TENSOR)
        """
    def take(
        self,
        *,
        tensor: Fed[TENSOR],
        indices: Fed[TENSOR],
        axis: builtins.int | builtins.str | Fed[INT] = 0,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TensorTake:
        """The elements at some places along an axis.

        Args:
            tensor (TENSOR)
            indices (TENSOR): Whole numbers; below 0 counts from the end.
            axis (INT -64 to 63): Counted from 0; −1 is the last.

        Outputs:
            tensor (TENSOR)
        """
    def tile(
        self,
        *,
        tensor: Fed[TENSOR],
        repeats: Any = ...,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TensorTile:
        """Repeat the whole tensor along its axes.

        Args:
            tensor (TENSOR)
            repeats (JSON): How often along each axis, such as [2, 1].

        Outputs:
            tensor (TENSOR)
        """
    def to_image(
        self,
        *,
        tensor: Fed[TENSOR],
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TensorToImage:
        """Use a tensor as an image; values are clamped to 0..1, uint8 is divided by 255.

        Args:
            tensor (TENSOR): (height, width), with or without batch before and 1, 3 or 4 channels after.

        Outputs:
            image (IMAGE)
        """
    def to_json(
        self,
        *,
        tensor: Fed[TENSOR],
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TensorToJson:
        """The elements as lists within lists; null for what is no finite number.

        Args:
            tensor (TENSOR)

        Outputs:
            value (JSON)
        """
    def to_mask(
        self,
        *,
        tensor: Fed[TENSOR],
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TensorToMask:
        """Use a tensor as a mask; values are clamped to 0..1.

        Args:
            tensor (TENSOR): (height, width) or (batch, height, width).

        Outputs:
            mask (MASK)
        """
    def top_k(
        self,
        *,
        tensor: Fed[TENSOR],
        count: builtins.int | builtins.str | Fed[INT] = 5,
        axis: builtins.int | builtins.str | Fed[INT] = -1,
        smallest: builtins.bool | Fed[BOOL] = False,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TensorTopK:
        """The greatest, or least, elements along an axis, in order.

        Args:
            tensor (TENSOR)
            count (INT 1 to 2.14748e+09)
            axis (INT -64 to 63): Counted from 0; −1 is the last.
            smallest (BOOL)

        Outputs:
            values (TENSOR)
            indices (TENSOR): Where each of the values stood.
        """
    def triangle(
        self,
        *,
        matrix: Fed[TENSOR],
        half: Literal['lower', 'upper'] | Fed[STRING] = 'lower',
        offset: builtins.int | builtins.str | Fed[INT] = 0,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TensorTriangle:
        """One half of a matrix; zeros in the other.

        Args:
            matrix (TENSOR)
            half (STRING)
            offset (INT -32768 to 32768): Of the diagonal up to which elements stay.

        Outputs:
            tensor (TENSOR)
        """
    def unique(
        self,
        *,
        tensor: Fed[TENSOR],
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TensorUnique:
        """Every element once, and how often it occurs.

        Args:
            tensor (TENSOR)

        Outputs:
            values (TENSOR): In rising order.
            counts (TENSOR): How often each occurs.
        """
    def unsqueeze(
        self,
        *,
        tensor: Fed[TENSOR],
        axis: builtins.int | builtins.str | Fed[INT] = 0,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TensorUnsqueeze:
        """Add an axis of length 1.

        Args:
            tensor (TENSOR)
            axis (INT -64 to 63): Counted from 0; −1 is the last.

        Outputs:
            tensor (TENSOR)
        """
    def where(
        self,
        *,
        condition: Fed[TENSOR],
        a: Fed[TENSOR],
        b: Fed[TENSOR],
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TensorWhere:
        """Elements of a where the condition holds, of b elsewhere.

        Args:
            condition (TENSOR)
            a (TENSOR)
            b (TENSOR)

        Outputs:
            tensor (TENSOR)
        """

class TextPack:
    def count(
        self,
        *,
        text: builtins.str | Fed[STRING] = '',
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TextCount:
        """How long a text is.

        Args:
            text (STRING)

        Outputs:
            characters (INT)
            words (INT): Separated by white space.
            lines (INT)
            bytes (INT): In UTF-8.
        """
    def decode(
        self,
        *,
        text: builtins.str | Fed[STRING] = '',
        encoding: Literal['base64', 'hex', 'url', 'html'] | Fed[STRING] = 'base64',
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TextDecode:
        """The text that was encoded so.

        Args:
            text (STRING)
            encoding (STRING): Of the text's bytes in UTF-8.

        Outputs:
            text (STRING)
        """
    def diff(
        self,
        *,
        a: builtins.str | Fed[STRING] = '',
        b: builtins.str | Fed[STRING] = '',
        context: builtins.int | builtins.str | Fed[INT] = 3,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TextDiff:
        """The lines in which two texts differ, as a unified diff; empty for equal ones.

        Args:
            a (STRING)
            b (STRING)
            context (INT 0 to 1000): Equal lines shown around.

        Outputs:
            text (STRING)
        """
    def distance(
        self,
        *,
        a: builtins.str | Fed[STRING] = '',
        b: builtins.str | Fed[STRING] = '',
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TextDistance:
        """How many characters have to change to make one text of the other.

        Source: V. Levenshtein (1966), a row of the table at a time.

        Args:
            a (STRING)
            b (STRING)

        Outputs:
            distance (INT): Characters to insert, delete or replace.
            similarity (FLOAT): 1 for equal texts, 0 for such that have nothing in common.
        """
    def encode(
        self,
        *,
        text: builtins.str | Fed[STRING] = '',
        encoding: Literal['base64', 'hex', 'url', 'html'] | Fed[STRING] = 'base64',
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TextEncode:
        """Write a text so that it passes where only some characters may.

        Args:
            text (STRING)
            encoding (STRING): Of the text's bytes in UTF-8.

        Outputs:
            text (STRING)
        """
    def find_all(
        self,
        *,
        text: builtins.str | Fed[STRING] = '',
        pattern: builtins.str | Fed[STRING] = '\\w+',
        ignore_case: builtins.bool | Fed[BOOL] = False,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TextFindAll:
        """All that a pattern matches, as a JSON list.

        Args:
            text (STRING)
            pattern (STRING): RE2: \\d+, [a-z]*, (?P<name>…), …; no back references.
            ignore_case (BOOL): Capital and small letters count alike.

        Outputs:
            found (JSON)
        """
    def format_json(
        self,
        *,
        value: Fed[JSON],
        indent: builtins.int | builtins.str | Fed[INT] = 2,
        sort_keys: builtins.bool | Fed[BOOL] = False,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TextFormatJson:
        """A value as JSON text.

        Args:
            value (JSON)
            indent (INT 0 to 8): 0 for one line.
            sort_keys (BOOL)

        Outputs:
            text (STRING)
        """
    def hash(
        self,
        *,
        text: builtins.str | Fed[STRING] = '',
        algorithm: Literal['sha256', 'sha512', 'blake2b', 'md5', 'crc32'] | Fed[STRING] = 'sha256',
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TextHash:
        """Hexadecimal digits that stand for a text in UTF-8.

        Args:
            text (STRING)
            algorithm (STRING): The last two only tell slips apart.

        Outputs:
            digest (STRING)
        """
    def join(
        self,
        *,
        parts: Fed[JSON],
        separator: builtins.str | Fed[STRING] = ', ',
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TextJoin:
        """The items of a JSON list in one text.

        Args:
            parts (JSON): A JSON list.
            separator (STRING)

        Outputs:
            text (STRING)
        """
    def lines(
        self,
        *,
        text: builtins.str | Fed[STRING] = '',
        drop_empty: builtins.bool | Fed[BOOL] = True,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TextLines:
        """The lines of a text: what takes a text runs once for each.

        Args:
            text (STRING)
            drop_empty (BOOL)

        Outputs:
            lines (LIST[STRING])
        """
    def load(
        self,
        *,
        path: builtins.str | PathLike[builtins.str] | Fed[PATH],
        encoding: Literal['utf-8', 'utf-16', 'latin-1', 'cp1252'] | Fed[STRING] = 'utf-8',
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TextLoad:
        """Read a text from a file.

        Args:
            path (PATH): A text file of at most 16 MiB.
            encoding (STRING)

        Outputs:
            text (STRING)
        """
    def match(
        self,
        *,
        text: builtins.str | Fed[STRING] = '',
        pattern: builtins.str | Fed[STRING] = '',
        ignore_case: builtins.bool | Fed[BOOL] = False,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TextMatch:
        """Whether a pattern occurs in a text, and what its named groups took.

        Args:
            text (STRING)
            pattern (STRING): RE2: \\d+, [a-z]*, (?P<name>…), …; no back references.
            ignore_case (BOOL): Capital and small letters count alike.

        Outputs:
            found (BOOL)
            groups (JSON): Name → text of the pattern's named groups; empty if nothing is found.
        """
    def normalize(
        self,
        *,
        text: builtins.str | Fed[STRING] = '',
        form: Literal['NFC', 'NFD', 'NFKC', 'NFKD'] | Fed[STRING] = 'NFC',
        remove_accents: builtins.bool | Fed[BOOL] = False,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TextNormalize:
        """Write equal characters equally (Unicode Annex 15).

        Args:
            text (STRING)
            form (STRING): K also unifies what only looks different.
            remove_accents (BOOL)

        Outputs:
            text (STRING)
        """
    def pad(
        self,
        *,
        text: builtins.str | Fed[STRING] = '',
        width: builtins.int | builtins.str | Fed[INT] = 8,
        fill: builtins.str | Fed[STRING] = ' ',
        side: Literal['start', 'end', 'both'] | Fed[STRING] = 'start',
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TextPad:
        """Fill a text up to a width.

        Args:
            text (STRING)
            width (INT 0 to 100000)
            fill (STRING): One character.
            side (STRING)

        Outputs:
            text (STRING)
        """
    def parse_json(
        self,
        *,
        text: builtins.str | Fed[STRING] = 'null',
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TextParseJson:
        """The value that a JSON text stands for; NaN and infinities are refused.

        Args:
            text (STRING)

        Outputs:
            value (JSON)
        """
    def parse_number(
        self,
        *,
        text: builtins.str | Fed[STRING] = '0',
        decimal: builtins.str | Fed[STRING] = '.',
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TextParseNumber:
        """The number that a text stands for; white space, and separators of thousands, are passed over.

        Args:
            text (STRING)
            decimal (STRING): What stands before fractions: . or ,

        Outputs:
            value (FLOAT)
        """
    def regex_replace(
        self,
        *,
        text: builtins.str | Fed[STRING] = '',
        pattern: builtins.str | Fed[STRING] = '',
        replacement: builtins.str | Fed[STRING] = '',
        count: builtins.int | builtins.str | Fed[INT] = 0,
        ignore_case: builtins.bool | Fed[BOOL] = False,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TextRegexReplace:
        """Put something else where a pattern matches.

        Args:
            text (STRING)
            pattern (STRING): RE2: \\d+, [a-z]*, (?P<name>…), …; no back references.
            replacement (STRING): \\1 is the first group, \\0 all that was found.
            count (INT 0 to 2.14748e+09): At most so often; 0 for all.
            ignore_case (BOOL): Capital and small letters count alike.

        Outputs:
            text (STRING)
        """
    def regex_split(
        self,
        *,
        text: builtins.str | Fed[STRING] = '',
        pattern: builtins.str | Fed[STRING] = '\\s+',
        ignore_case: builtins.bool | Fed[BOOL] = False,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TextRegexSplit:
        """The parts of a text between what a pattern matches, as a JSON list.

        Args:
            text (STRING)
            pattern (STRING): RE2: \\d+, [a-z]*, (?P<name>…), …; no back references.
            ignore_case (BOOL): Capital and small letters count alike.

        Outputs:
            parts (JSON)
        """
    def repeat(
        self,
        *,
        text: builtins.str | Fed[STRING] = '',
        count: builtins.int | builtins.str | Fed[INT] = 2,
        separator: builtins.str | Fed[STRING] = '',
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TextRepeat:
        """A text again and again.

        Args:
            text (STRING)
            count (INT 0 to 1e+07)
            separator (STRING)

        Outputs:
            text (STRING)
        """
    def save(
        self,
        *,
        text: builtins.str | Fed[STRING] = '',
        filename: builtins.str | Fed[STRING] = 'text.txt',
        overwrite: builtins.bool | Fed[BOOL] = False,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TextSave:
        """Write a text to a file in UTF-8.

        Args:
            text (STRING)
            filename (STRING): Within the execution's output folder.
            overwrite (BOOL): Replace a file of that name; else the new one gets a number.

        Outputs:
            path (PATH)
        """
    def slice(
        self,
        *,
        text: builtins.str | Fed[STRING] = '',
        start: builtins.int | builtins.str | Fed[INT] = 0,
        stop: builtins.int | builtins.str | Fed[INT] | None = None,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TextSlice:
        """Some characters of a text, by Python's rules.

        Args:
            text (STRING)
            start (INT -1.09951e+12 to 1.09951e+12): Below 0 counts from the end.
            stop (INT -1.09951e+12 to 1.09951e+12): The first that is not taken; none goes to the end.

        Outputs:
            text (STRING)
        """
    def slug(
        self,
        *,
        text: builtins.str | Fed[STRING] = '',
        separator: Literal['-', '_'] | Fed[STRING] = '-',
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TextSlug:
        """A text as a name of ASCII letters, digits and separators alone.

        Args:
            text (STRING)
            separator (STRING)

        Outputs:
            text (STRING)
        """
    def split(
        self,
        *,
        text: builtins.str | Fed[STRING] = '',
        separator: builtins.str | Fed[STRING] = ',',
        strip: builtins.bool | Fed[BOOL] = True,
        drop_empty: builtins.bool | Fed[BOOL] = False,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TextSplit:
        """The parts of a text between separators, as a JSON list.

        Args:
            text (STRING)
            separator (STRING): Empty: at white space.
            strip (BOOL): Without white space at the ends of parts.
            drop_empty (BOOL)

        Outputs:
            parts (JSON)
        """
    def strip(
        self,
        *,
        text: builtins.str | Fed[STRING] = '',
        characters: builtins.str | Fed[STRING] = '',
        side: Literal['both', 'start', 'end'] | Fed[STRING] = 'both',
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TextStrip:
        """Take characters away at the ends.

        Args:
            text (STRING)
            characters (STRING): Which to take away; empty: white space.
            side (STRING)

        Outputs:
            text (STRING)
        """
    def template(
        self,
        *,
        values: Fed[JSON],
        template: builtins.str | Fed[STRING] = '',
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TextTemplate:
        """Put the values of an object into a text by their names.

        Args:
            values (JSON): An object: name → value.
            template (STRING): `{name}`, or `{name:.2f}` for two digits; `{{` gives a brace.

        Outputs:
            text (STRING)
        """
    def test(
        self,
        *,
        text: builtins.str | Fed[STRING] = '',
        other: builtins.str | Fed[STRING] = '',
        operation: Literal['contains', 'starts_with', 'ends_with', 'equals', 'is_before'] | Fed[STRING] = 'contains',
        ignore_case: builtins.bool | Fed[BOOL] = False,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TextTest:
        """Whether a text stands in some relation to another.

        Args:
            text (STRING)
            other (STRING)
            operation (STRING)
            ignore_case (BOOL)

        Outputs:
            value (BOOL)
        """
    def wrap(
        self,
        *,
        text: builtins.str | Fed[STRING] = '',
        width: builtins.int | builtins.str | Fed[INT] = 72,
        indent: builtins.str | Fed[STRING] = '',
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> TextWrap:
        """Break lines between words so that none is longer than a width; empty lines stay.

        Args:
            text (STRING)
            width (INT 1 to 10000)
            indent (STRING)

        Outputs:
            text (STRING)
        """

class VideoPack:
    def average(
        self,
        *,
        image: Fed[IMAGE],
        operation: Literal['mean', 'median', 'lighten', 'darken'] | Fed[STRING] = 'mean',
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> VideoAverage:
        """One picture of all pictures of a film.

        Args:
            image (IMAGE)
            operation (STRING): Median takes away what moves.

        Outputs:
            image (IMAGE)
        """
    def changes(
        self,
        *,
        image: Fed[IMAGE],
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> VideoChanges:
        """For each picture but the first the mean difference to the one before: high where a scene ends.

        Args:
            image (IMAGE)

        Outputs:
            tensor (TENSOR)
        """
    def frame(
        self,
        *,
        path: builtins.str | PathLike[builtins.str] | Fed[PATH],
        time: builtins.float | Fed[FLOAT] = 0.0,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> VideoFrame:
        """The picture that is seen at some time.

        Args:
            path (PATH): MP4, MKV, WebM, MOV, AVI, GIF, … as FFmpeg reads them.
            time (FLOAT 0 to 1e+07 s): Since the beginning.

        Outputs:
            image (IMAGE)
        """
    def info(
        self,
        *,
        path: builtins.str | PathLike[builtins.str] | Fed[PATH],
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> VideoInfo:
        """Tell size, rate and length of a film.

        Args:
            path (PATH): MP4, MKV, WebM, MOV, AVI, GIF, … as FFmpeg reads them.

        Outputs:
            width (INT)
            height (INT)
            rate (FLOAT): Pictures a second.
            duration (FLOAT): In seconds; 0 if the file does not say.
            codec (STRING)
            has_sound (BOOL)
        """
    def load(
        self,
        *,
        path: builtins.str | PathLike[builtins.str] | Fed[PATH],
        start: builtins.int | builtins.str | Fed[INT] = 0,
        count: builtins.int | builtins.str | Fed[INT] = 0,
        every: builtins.int | builtins.str | Fed[INT] = 1,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> VideoLoad:
        """Read the pictures of a film as a batch.

        Args:
            path (PATH): MP4, MKV, WebM, MOV, AVI, GIF, … as FFmpeg reads them.
            start (INT 0 to 2.14748e+09): The first picture, counted from 0.
            count (INT 0 to 100000): How many pictures at most; 0 for all.
            every (INT 1 to 10000): Take only each nth.

        Outputs:
            image (IMAGE): A picture of the batch each.
            rate (FLOAT): Pictures a second, of those that were taken.
        """
    def retime(
        self,
        *,
        image: Fed[IMAGE],
        count: builtins.int | builtins.str | Fed[INT] = 48,
        mode: Literal['nearest', 'blend'] | Fed[STRING] = 'blend',
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> VideoRetime:
        """Make a film longer or shorter.

        Args:
            image (IMAGE)
            count (INT 1 to 100000): Of the new film; both ends stay.
            mode (STRING): Blend fades from one picture to the next.

        Outputs:
            image (IMAGE)
        """
    def save(
        self,
        *,
        image: Fed[IMAGE],
        audio: Fed[AUDIO] | None = None,
        rate: builtins.float | Fed[FLOAT] = 24.0,
        codec: Literal['h264', 'h265', 'vp9', 'mpeg4', 'lossless'] | Fed[STRING] = 'h264',
        quality: builtins.int | builtins.str | Fed[INT] = 20,
        filename: builtins.str | Fed[STRING] = 'video.mp4',
        overwrite: builtins.bool | Fed[BOOL] = False,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> VideoSave:
        """Write a batch of pictures as a film; odd sizes lose a row or a column, unless it is lossless.

        Args:
            image (IMAGE): A picture of the film each.
            audio (AUDIO): The film's sound.
            rate (FLOAT 0.1 to 1000): Pictures a second.
            codec (STRING): Lossless keeps every pixel, in MKV and AVI.
            quality (INT 0 to 51): 0 is best; of h264, h265 and vp9.
            filename (STRING): Ends in .mp4, .mkv, .mov, .webm or .avi.
            overwrite (BOOL): Replace a file of that name; else the new one gets a number.

        Outputs:
            path (PATH)
        """
    def save_animation(
        self,
        *,
        image: Fed[IMAGE],
        rate: builtins.float | Fed[FLOAT] = 10.0,
        loops: builtins.int | builtins.str | Fed[INT] = 0,
        filename: builtins.str | Fed[STRING] = 'animation.gif',
        overwrite: builtins.bool | Fed[BOOL] = False,
        embed_graph: builtins.bool | Fed[BOOL] = True,
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> VideoSaveAnimation:
        """Write a batch of pictures as an animated GIF, WebP or PNG.

        Args:
            image (IMAGE): A picture of the animation each.
            rate (FLOAT 0.1 to 50): Pictures a second; GIF counts in hundredths of a second.
            loops (INT 0 to 10000): 0 goes on for ever.
            filename (STRING): Ends in .gif, .webp or .png.
            overwrite (BOOL): Replace a file of that name; else the new one gets a number.
            embed_graph (BOOL): Store the graph in a PNG: dropped on the editor's canvas, the file opens it.

        Outputs:
            path (PATH)
        """
    def sound(
        self,
        *,
        path: builtins.str | PathLike[builtins.str] | Fed[PATH],
        id: builtins.str | None = None,
        title: builtins.str | None = None,
        at: builtins.tuple[builtins.float, builtins.float] | None = None,
    ) -> VideoSound:
        """The sound of a film.

        Args:
            path (PATH): MP4, MKV, WebM, MOV, AVI, GIF, … as FFmpeg reads them.

        Outputs:
            audio (AUDIO)
        """

class Packs:
    @property
    def audio(self) -> AudioPack: ...
    @property
    def batch(self) -> BatchPack: ...
    @property
    def core(self) -> CorePack: ...
    @property
    def diffusion(self) -> DiffusionPack: ...
    @property
    def image(self) -> ImagePack: ...
    @property
    def mask(self) -> MaskPack: ...
    @property
    def model(self) -> ModelPack: ...
    @property
    def plot(self) -> PlotPack: ...
    @property
    def table(self) -> TablePack: ...
    @property
    def tensor(self) -> TensorPack: ...
    @property
    def text(self) -> TextPack: ...
    @property
    def video(self) -> VideoPack: ...
