"""Enhanced MR and Enhanced CT images as scanners write them (PS3.3 A.36, A.38), without errors by dciodvfy.

Unlike Legacy Converted ones they name all macros of an original image; rescale and placement differ per frame.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import EnhancedCTImageStorage, EnhancedMRImageStorage, ExplicitVRLittleEndian, generate_uid

SHAPE = (4, 48, 40)
STEP = np.array([0.6, -0.8, 2.9])
"""Millimetres from one frame to the next, along the normal of the oblique frames."""


def write_enhanced(folder: Path, modality: str) -> list[Path]:
    """Write one multi-frame file of ``"CT"`` or ``"MR"``, its frames from last to first."""
    ds = _general(modality)
    frames = list(reversed(range(SHAPE[0])))
    ds.SharedFunctionalGroupsSequence = [_shared(modality)]
    ds.PerFrameFunctionalGroupsSequence = [_frame(modality, number, k) for number, k in enumerate(frames, start=1)]
    rng = np.random.default_rng(11)
    pixels = rng.integers(900, 1200, SHAPE).astype(np.uint16)
    pixels[:, 20:28, 16:24] += (100 * np.arange(SHAPE[0], dtype=np.uint16))[:, None, None]
    ds.PixelData = pixels[frames].tobytes()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"enhanced-{modality.lower()}.dcm"
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.file_meta.MediaStorageSOPClassUID, ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPClassUID, ds.SOPInstanceUID
    pydicom.dcmwrite(path, ds, enforce_file_format=True)
    return [path]


def _item(**values: object) -> Dataset:
    item = Dataset()
    for keyword, value in values.items():
        setattr(item, keyword, value)
    return item


def _code(value: str, scheme: str, meaning: str) -> list[Dataset]:
    return [_item(CodeValue=value, CodingSchemeDesignator=scheme, CodeMeaning=meaning)]


def _general(modality: str) -> Dataset:
    ds = Dataset()
    ds.SOPClassUID = EnhancedMRImageStorage if modality == "MR" else EnhancedCTImageStorage
    ds.SOPInstanceUID, ds.StudyInstanceUID, ds.SeriesInstanceUID = generate_uid(), generate_uid(), generate_uid()
    ds.FrameOfReferenceUID, ds.PositionReferenceIndicator = generate_uid(), ""
    ds.SpecificCharacterSet = "ISO_IR 100"
    ds.PatientName, ds.PatientID, ds.PatientBirthDate, ds.PatientSex = "Enhanced^Test", "E1", "", "O"
    ds.StudyDate = ds.SeriesDate = ds.ContentDate = "20200102"
    ds.StudyTime = ds.SeriesTime = ds.ContentTime = "030405"
    ds.AcquisitionDateTime, ds.AcquisitionNumber, ds.AcquisitionDuration = "20200102030405", 1, 10.0
    ds.StudyID, ds.AccessionNumber, ds.ReferringPhysicianName = "1", "", ""
    ds.Manufacturer, ds.ManufacturerModelName, ds.DeviceSerialNumber, ds.SoftwareVersions = "ACME", "E", "7", "1"
    ds.Modality, ds.SeriesNumber, ds.InstanceNumber, ds.PatientPosition = modality, 5, 1, "HFS"
    ds.SeriesDescription = f"Enhanced {modality}"
    ds.ImageType, ds.PixelPresentation = ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"], "MONOCHROME"
    ds.VolumetricProperties, ds.VolumeBasedCalculationTechnique = "VOLUME", "NONE"
    ds.ContentQualification, ds.BurnedInAnnotation, ds.LossyImageCompression = "RESEARCH", "NO", "00"
    ds.PresentationLUTShape, ds.AcquisitionContextSequence = "IDENTITY", []
    ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.PixelRepresentation = 1, "MONOCHROME2", 0
    ds.NumberOfFrames, ds.Rows, ds.Columns = SHAPE
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = 16, 12, 11
    organization = generate_uid()
    ds.DimensionOrganizationSequence = [_item(DimensionOrganizationUID=organization)]
    ds.DimensionIndexSequence = [
        _item(
            DimensionOrganizationUID=organization,
            DimensionIndexPointer=pydicom.tag.Tag(*pointer),
            FunctionalGroupPointer=pydicom.tag.Tag(0x0020, 0x9111),
            DimensionDescriptionLabel=label,
        )
        for pointer, label in (((0x0020, 0x9056), "Stack"), ((0x0020, 0x9057), "Position"))
    ]
    if modality == "MR":
        ds.AcquisitionContrast, ds.ComplexImageComponent = "T1", "MAGNITUDE"
        ds.PulseSequenceName, ds.MRAcquisitionType, ds.EchoPulseSequence = "gre", "3D", "GRADIENT"
        ds.MultiPlanarExcitation, ds.PhaseContrast, ds.TimeOfFlightContrast = "NO", "NO", "NO"
        ds.SteadyStatePulseSequence, ds.EchoPlanarPulseSequence = "NONE", "NO"
        ds.SaturationRecovery, ds.SpectrallySelectedSuppression, ds.OversamplingPhase = "NO", "NONE", "NONE"
        ds.GeometryOfKSpaceTraversal, ds.RectilinearPhaseEncodeReordering = "RECTILINEAR", "LINEAR"
        ds.SegmentedKSpaceTraversal, ds.CoverageOfKSpace, ds.NumberOfKSpaceTrajectories = "SINGLE", "FULL", 1
        ds.ResonantNucleus, ds.KSpaceFiltering, ds.MagneticFieldStrength = "1H", "NONE", 1.5
        ds.ApplicableSafetyStandardAgency, ds.BulkMotionCompensationTechnique = "IEC", "NONE"
    return ds


def _frame_type(modality: str) -> Dataset:
    kind = _item(
        FrameType=["ORIGINAL", "PRIMARY", "VOLUME", "NONE"],
        PixelPresentation="MONOCHROME",
        VolumetricProperties="VOLUME",
        VolumeBasedCalculationTechnique="NONE",
    )
    if modality == "MR":
        kind.ComplexImageComponent, kind.AcquisitionContrast = "MAGNITUDE", "T1"
    return kind


def _shared(modality: str) -> Dataset:
    row, column = _directions()
    shared = _item(
        PixelMeasuresSequence=[_item(PixelSpacing=[0.75, 0.8], SliceThickness=3.0)],
        PlaneOrientationSequence=[_item(ImageOrientationPatient=[f"{value:.10f}" for value in (*row, *column)])],
        FrameAnatomySequence=[_item(FrameLaterality="U", AnatomicRegionSequence=_code("69536005", "SCT", "Head"))],
        FrameVOILUTSequence=[_item(WindowCenter=40, WindowWidth=400)],
    )
    for keyword, items in (_of_mr() if modality == "MR" else _of_ct()).items():
        setattr(shared, keyword, items)
    setattr(shared, f"{modality}ImageFrameTypeSequence", [_frame_type(modality)])
    return shared


def _of_mr() -> dict[str, Sequence[Dataset]]:
    return {
        "MRTimingAndRelatedParametersSequence": [
            _item(
                RepetitionTime=9.0,
                FlipAngle=15.0,
                EchoTrainLength=1,
                RFEchoTrainLength=0,
                GradientEchoTrainLength=1,
                GradientOutputType="ELECTRIC_FIELD",
                GradientOutput=1.0,
                SpecificAbsorptionRateSequence=[
                    _item(SpecificAbsorptionRateDefinition="IEC_WHOLE_BODY", SpecificAbsorptionRateValue=0.1)
                ],
                OperatingModeSequence=[
                    _item(OperatingModeType="STATIC FIELD", OperatingMode="IEC_NORMAL"),
                ],
            )
        ],
        "MRFOVGeometrySequence": [
            _item(
                InPlanePhaseEncodingDirection="ROW",
                MRAcquisitionFrequencyEncodingSteps=48,
                MRAcquisitionPhaseEncodingStepsInPlane=40,
                MRAcquisitionPhaseEncodingStepsOutOfPlane=4,
                PercentSampling=100.0,
                PercentPhaseFieldOfView=100.0,
            )
        ],
        "MREchoSequence": [_item(EffectiveEchoTime=3.0)],
        "MRModifierSequence": [
            _item(
                InversionRecovery="NO",
                FlowCompensation="NONE",
                Spoiling="RF",
                T2Preparation="NO",
                SpectrallySelectedExcitation="NONE",
                SpatialPresaturation="NONE",
                PartialFourier="NO",
                ParallelAcquisition="NO",
            )
        ],
        "MRImagingModifierSequence": [
            _item(
                MagnetizationTransfer="NONE",
                BloodSignalNulling="NO",
                Tagging="NONE",
                TransmitterFrequency=63.9,
                PixelBandwidth=200.0,
            )
        ],
        "MRReceiveCoilSequence": [
            _item(
                ReceiveCoilName="Head",
                ReceiveCoilManufacturerName="",
                ReceiveCoilType="VOLUME",
                QuadratureReceiveCoil="YES",
            )
        ],
        "MRTransmitCoilSequence": [
            _item(TransmitCoilName="Body", TransmitCoilManufacturerName="", TransmitCoilType="BODY")
        ],
        "MRAveragesSequence": [_item(NumberOfAverages=1.0)],
    }


def _of_ct() -> dict[str, Sequence[Dataset]]:
    return {
        "IrradiationEventIdentificationSequence": [_item(IrradiationEventUID=generate_uid())],
        "CTPositionSequence": [
            _item(
                TablePosition=0.0,
                ReconstructionTargetCenterPatient=[0.0, 0.0, 0.0],
                DataCollectionCenterPatient=[0.0, 0.0, 0.0],
            )
        ],
        "CTAcquisitionTypeSequence": [_item(AcquisitionType="SPIRAL", ConstantVolumeFlag="NO", FluoroscopyFlag="NO")],
        "CTAcquisitionDetailsSequence": [
            _item(
                RotationDirection="CW",
                RevolutionTime=0.5,
                SingleCollimationWidth=0.6,
                TotalCollimationWidth=38.4,
                TableHeight=150.0,
                GantryDetectorTilt=0.0,
                DataCollectionDiameter=500.0,
            )
        ],
        "CTTableDynamicsSequence": [_item(TableSpeed=40.0, TableFeedPerRotation=20.0, SpiralPitchFactor=0.6)],
        "CTGeometrySequence": [_item(DistanceSourceToDetector=1000.0, DistanceSourceToDataCollectionCenter=550.0)],
        "CTReconstructionSequence": [
            _item(
                ReconstructionAlgorithm="FILTER_BACK_PROJ",
                ConvolutionKernel="B30",
                ConvolutionKernelGroup="BRAIN",
                ReconstructionFieldOfView=[32.0, 36.0],
                ReconstructionPixelSpacing=[0.75, 0.8],
                ImageFilter="NONE",
                ReconstructionAngle=360.0,
            )
        ],
        "CTExposureSequence": [
            _item(
                ExposureTimeInms=500.0,
                XRayTubeCurrentInmA=200.0,
                ExposureInmAs=100.0,
                ExposureModulationType="NONE",
                CTDIvol=10.0,
                CTDIPhantomTypeCodeSequence=_code("113690", "DCM", "IEC Head Dosimetry Phantom"),
            )
        ],
        "CTXRayDetailsSequence": [
            _item(
                KVP=120.0,
                FocalSpots=1.0,
                FilterType="FLAT",
                FilterMaterial="ALUMINUM",
                CalciumScoringMassFactorPatient=0.7,
            )
        ],
    }


def _directions() -> tuple[np.ndarray, np.ndarray]:
    """Unit vectors along rows and columns, perpendicular to `STEP`."""
    normal = STEP / np.linalg.norm(STEP)
    row = np.cross([0, 1, 0], normal)
    row /= np.linalg.norm(row)
    return row, np.cross(normal, row)


def _frame(modality: str, number: int, k: int) -> Dataset:
    """Functional groups of the frame at place ``k``; it is the ``number``-th of the file."""
    place = np.array([-20.0, -15.0, 5.0]) + k * STEP
    return _item(
        FrameContentSequence=[
            _item(
                FrameAcquisitionDateTime=f"2020010203040{k}",
                FrameReferenceDateTime=f"2020010203040{k}",
                FrameAcquisitionDuration=10.0,
                FrameAcquisitionNumber=number,
                StackID="1",
                InStackPositionNumber=k + 1,
                DimensionIndexValues=[1, k + 1],
            )
        ],
        PlanePositionSequence=[_item(ImagePositionPatient=[f"{value:.10f}" for value in place])],
        PixelValueTransformationSequence=[
            _item(
                RescaleIntercept=-1024 if modality == "CT" else 0,
                RescaleSlope=1 if modality == "CT" else f"{1 + 0.25 * k}",
                RescaleType="HU" if modality == "CT" else "US",
            )
        ],
    )
