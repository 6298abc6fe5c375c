// Writes a report as a DICOM Basic Text SR that refers to every image of the series it was made from.
using FellowOakDicom;
using HSENet.Runtime;
using DicomFile = FellowOakDicom.DicomFile;
using DicomImage = HSENet.Runtime.DicomImage;

namespace HSENet.Dicom;

/// <summary>Reports as DICOM objects (PS3.3, A.35.1).</summary>
public static class StructuredReport
{
    /// <summary>
    /// Writes a file. The patient's attributes stay empty unless they are asked for; the study's UID ties the report to its images either
    /// way.
    /// </summary>
    /// <param name="path">The file; replaced when it is complete.</param>
    /// <param name="study">The study, read from DICOM, that the report is about.</param>
    /// <param name="text">The report.</param>
    /// <param name="withPatient">Whether name, number, birth date and sex are copied from the first image's file, so that an archive finds
    /// the patient.</param>
    /// <exception cref="HseNetFileException">The volume is not DICOM, or has no UIDs to refer to.</exception>
    public static void Write(string path, CtStudy study, string text, bool withPatient = false)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(study);
        ArgumentNullException.ThrowIfNull(text);
        DicomImage[] images = [.. study.Volume.DicomImages.DistinctBy(image => image.InstanceUid)];
        if (images.Length == 0)
            throw new HseNetFileException(study.Volume.Source, "is no DICOM series", "one, for a report that refers to it");
        if (images.FirstOrDefault(image => !IsUid(image.StudyUid) || !IsUid(image.SeriesUid) || !IsUid(image.ClassUid)
            || !IsUid(image.InstanceUid)) is { } nameless)
            throw new HseNetFileException(nameless.File, "lacks the UID of its study, series, class or instance",
                "all four, for a report that refers to it");
        _ = FoDicom.Transcoders;
        string temporary = path + ".part";
        try
        {
            new DicomFile(Dataset(images, text, withPatient)).Save(temporary);
            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or DicomFileException)
        {
            File.Delete(temporary);
            throw new HseNetFileException(path, "cannot be written", "a file in a folder that may be written", e);
        }
    }

    static DicomDataset Dataset(DicomImage[] images, string text, bool withPatient)
    {
        DateTime now = DateTime.Now;
        var report = new DicomDataset().NotValidated();
        report.Add(DicomTag.SpecificCharacterSet, "ISO_IR 192");
        report.Add(DicomTag.SOPClassUID, DicomUID.BasicTextSRStorage);
        report.Add(DicomTag.SOPInstanceUID, DicomUIDGenerator.GenerateDerivedFromUUID());
        foreach (DicomTag tag in (DicomTag[])[DicomTag.StudyDate, DicomTag.StudyTime, DicomTag.AccessionNumber,
            DicomTag.ReferringPhysicianName, DicomTag.StudyID,
            DicomTag.PatientName, DicomTag.PatientID, DicomTag.PatientBirthDate, DicomTag.PatientSex])
            report.Add(tag, "");
        if (withPatient)
            CopyPatient(images[0].File, report);
        report.Add(DicomTag.ContentDate, now.ToString("yyyyMMdd"));
        report.Add(DicomTag.ContentTime, now.ToString("HHmmss"));
        report.Add(DicomTag.Modality, "SR");
        report.Add(DicomTag.Manufacturer, "HSENet.Kernels");
        report.Add(DicomTag.SeriesDescription, "Generated report, not verified");
        report.Add(DicomTag.StudyInstanceUID, images[0].StudyUid);
        report.Add(DicomTag.SeriesInstanceUID, DicomUIDGenerator.GenerateDerivedFromUUID());
        report.Add(DicomTag.SeriesNumber, "1");
        report.Add(DicomTag.InstanceNumber, "1");
        report.Add(new DicomSequence(DicomTag.ReferencedPerformedProcedureStepSequence));
        report.Add(new DicomSequence(DicomTag.PerformedProcedureCodeSequence));
        report.Add(DicomTag.CompletionFlag, "COMPLETE");
        report.Add(DicomTag.VerificationFlag, "UNVERIFIED");
        report.Add(new DicomSequence(DicomTag.CurrentRequestedProcedureEvidenceSequence, Item(
            new DicomSequence(DicomTag.ReferencedSeriesSequence, Item(
                new DicomSequence(DicomTag.ReferencedSOPSequence, [.. images.Select(Reference)]),
                new DicomUniqueIdentifier(DicomTag.SeriesInstanceUID, images[0].SeriesUid))),
            new DicomUniqueIdentifier(DicomTag.StudyInstanceUID, images[0].StudyUid))));
        report.Add(DicomTag.ValueType, "CONTAINER");
        report.Add(Code("18748-4", "LN", "Diagnostic Imaging Report"));
        report.Add(DicomTag.ContinuityOfContent, "SEPARATE");
        report.Add(new DicomSequence(DicomTag.ContentSequence,
            Content("CONTAINS", "TEXT", Code("121070", "DCM", "Findings"), new DicomUnlimitedText(DicomTag.TextValue, text)),
            Content("CONTAINS", "IMAGE", new DicomSequence(DicomTag.ReferencedSOPSequence, Reference(images[images.Length / 2])))));
        return report;
    }

    static DicomDataset Content(string relationship, string type, params DicomItem[] items) =>
        Item([new DicomCodeString(DicomTag.RelationshipType, relationship), new DicomCodeString(DicomTag.ValueType, type), .. items]);

    static DicomDataset Reference(DicomImage image) =>
        Item(new DicomUniqueIdentifier(DicomTag.ReferencedSOPClassUID, image.ClassUid),
            new DicomUniqueIdentifier(DicomTag.ReferencedSOPInstanceUID, image.InstanceUid));

    static DicomSequence Code(string value, string scheme, string meaning) => new(DicomTag.ConceptNameCodeSequence, Item(
        new DicomShortString(DicomTag.CodeValue, value), new DicomShortString(DicomTag.CodingSchemeDesignator, scheme),
            new DicomLongString(DicomTag.CodeMeaning, meaning)));

    static DicomDataset Item(params DicomItem[] items) => new DicomDataset().NotValidated().Add(items);

    static void CopyPatient(string file, DicomDataset report)
    {
        if (!File.Exists(file))
            throw new HseNetFileException(file, "is no file whose patient can be copied", "a series in a folder");
        DicomDataset image = DicomFile.Open(file, FileReadOption.SkipLargeTags).Dataset;
        foreach (DicomTag tag in (DicomTag[])[DicomTag.PatientName, DicomTag.PatientID, DicomTag.PatientBirthDate, DicomTag.PatientSex,
            DicomTag.AccessionNumber, DicomTag.StudyID, DicomTag.StudyDate, DicomTag.StudyTime])
            report.AddOrUpdate(tag, image.GetSingleValueOrDefault(tag, ""));
    }

    internal static bool IsUid(string text) =>
        text.Length is > 0 and <= 64 && text.All(c => char.IsAsciiDigit(c) || c == '.') && !text.Contains("..", StringComparison.Ordinal)
        && text[0] != '.';
}
