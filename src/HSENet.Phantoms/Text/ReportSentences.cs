// The wordings of a phantom's report.
using HSENet.Evaluation;

namespace HSENet.Phantoms;

/// <summary>Sentences with places for side, lobe, size and number, in the English of radiology reports.</summary>
static class ReportSentences
{
    /// <summary>Ways to state one finding.</summary>
    public static IReadOnlyList<string> Of(FindingKind kind, bool several) => (kind, several) switch
    {
        (FindingKind.Nodule, false) =>
        [
            "A {size} mm nodule is seen in the {side} {lobe} lobe.",
            "There is a solid pulmonary nodule measuring {size} mm in the {side} {lobe} lobe.",
            "The {side} {lobe} lobe contains a nodule of {size} mm.",
            "Solitary nodule in the {side} {lobe} lobe, {size} mm in diameter.",
            "A well-defined nodule with a diameter of {size} mm is present in the {lobe} lobe of the {side} lung.",
            "In the {side} {lobe} lobe, a {size} mm soft tissue nodule is noted.",
        ],
        (FindingKind.Nodule, true) =>
        [
            "{Number} nodules are seen in the {side} {lobe} lobe, the largest measuring {size} mm.",
            "There are {number} pulmonary nodules in the {side} {lobe} lobe, up to {size} mm in diameter.",
            "The {side} {lobe} lobe contains {number} nodules; the largest is {size} mm.",
            "{Number} solid nodules of up to {size} mm in the {lobe} lobe of the {side} lung.",
        ],
        (FindingKind.Calcification, false) =>
        [
            "A calcified granuloma of {size} mm is seen in the {side} {lobe} lobe.",
            "There is a dense calcification measuring {size} mm in the {side} {lobe} lobe.",
            "The {side} {lobe} lobe contains a {size} mm calcified nodule.",
            "Coarse calcification in the {side} {lobe} lobe, {size} mm in diameter.",
            "In the {lobe} lobe of the {side} lung, a {size} mm calcification is noted.",
        ],
        (FindingKind.Calcification, true) =>
        [
            "{Number} calcified granulomas are seen in the {side} {lobe} lobe, the largest measuring {size} mm.",
            "There are {number} dense calcifications in the {side} {lobe} lobe, up to {size} mm in diameter.",
            "The {side} {lobe} lobe contains {number} calcified nodules; the largest is {size} mm.",
        ],
        (FindingKind.Consolidation, _) =>
        [
            "There is a consolidation in the {side} {lobe} lobe measuring {size} mm.",
            "Airspace consolidation with air bronchograms is seen in the {side} {lobe} lobe, about {size} mm across.",
            "The {side} {lobe} lobe shows an area of consolidation of {size} mm.",
            "A {size} mm consolidation with surrounding ground-glass density in the {lobe} lobe of the {side} lung.",
            "Consolidation of {size} mm is noted in the {side} {lobe} lobe.",
        ],
        (FindingKind.Effusion, _) =>
        [
            "There is a {side} pleural effusion measuring {size} mm in depth.",
            "{Side} pleural effusion with a thickness of {size} mm.",
            "A {side} pleural effusion up to {size} mm deep is seen.",
            "Pleural effusion on the {side}, {size} mm in depth, with adjacent passive atelectasis.",
            "Fluid layers in the {side} pleural space to a depth of {size} mm.",
        ],
        (FindingKind.Pneumothorax, _) =>
        [
            "There is a {side} pneumothorax measuring {size} mm.",
            "{Side} pneumothorax with a maximal depth of {size} mm.",
            "A {size} mm pneumothorax is seen on the {side}.",
            "Pneumothorax on the {side}, {size} mm deep anteriorly.",
        ],
        (FindingKind.Emphysema, _) =>
        [
            "Centrilobular emphysema is seen in the {side} {lobe} lobe with bullae of up to {size} mm.",
            "There is emphysema of the {side} {lobe} lobe, the largest bulla measuring {size} mm.",
            "The {side} {lobe} lobe shows emphysematous changes and bullae up to {size} mm.",
            "Emphysematous destruction in the {lobe} lobe of the {side} lung, with air spaces up to {size} mm in diameter.",
        ],
        _ =>
        [
            "The heart is enlarged, {size} mm across.",
            "Cardiomegaly is present with a transverse diameter of {size} mm.",
            "There is cardiomegaly, the heart measuring {size} mm in width.",
            "The cardiac silhouette is enlarged to {size} mm, in keeping with cardiomegaly.",
            "Heart size is increased, with a width of {size} mm.",
        ],
    };

    /// <summary>The same of both sides.</summary>
    public static IReadOnlyList<string> OfBothSides(FindingKind kind) => kind == FindingKind.Emphysema
        ?
        [
            "Centrilobular emphysema is seen in both {lobe} lobes with bullae of up to {size} mm.",
            "There is bilateral {lobe} lobe emphysema, the largest bulla measuring {size} mm.",
            "Both {lobe} lobes show emphysematous changes and bullae up to {size} mm.",
            "Emphysematous destruction in the {lobe} lobes of both lungs, with air spaces up to {size} mm in diameter.",
        ]
        :
        [
            "There are bilateral pleural effusions measuring up to {size} mm in depth.",
            "Bilateral pleural effusion with a thickness of {size} mm.",
            "Pleural effusions on both sides, {size} mm in depth, with adjacent passive atelectasis.",
            "Fluid layers in both pleural spaces to a depth of {size} mm.",
        ];

    /// <summary>Ways to say that a kind is not there.</summary>
    public static IReadOnlyList<string> Without(FindingKind kind) => kind switch
    {
        FindingKind.Nodule => ["No pulmonary nodule is seen.", "There is no nodule or mass in either lung.", "No suspicious nodules."],
        FindingKind.Effusion => ["No pleural effusion.", "There is no pleural effusion.", "The pleural spaces are free of fluid."],
        FindingKind.Consolidation => ["No consolidation.", "There is no focal consolidation.", "No airspace consolidation is seen."],
        FindingKind.Emphysema => ["No emphysema.", "There is no evidence of emphysema.", "The lungs show no emphysematous changes."],
        FindingKind.Calcification => ["No calcified granuloma.", "No pulmonary calcification is seen.", "There are no calcifications."],
        FindingKind.Cardiomegaly => ["The heart is not enlarged.", "Heart size is normal.", "No cardiomegaly."],
        _ => ["No pneumothorax.", "There is no pneumothorax.", "No pneumothorax on either side."],
    };

    /// <summary>Ways to say that nothing was found.</summary>
    public static IReadOnlyList<string> Normal { get; } =
    [
        "Normal chest CT.", "No abnormality of the chest is seen.", "The examination is unremarkable.",
        "No acute cardiopulmonary abnormality.", "Normal findings in the lungs, pleura and heart.",
    ];

    /// <summary>What is said of parts that are normal in every phantom.</summary>
    public static IReadOnlyList<string> Always { get; } =
    [
        "The trachea and main bronchi are patent.", "The central airways are clear.", "Mediastinal vessels are of normal calibre.",
        "The thoracic aorta is normal in course and calibre.", "No enlarged mediastinal lymph nodes.",
        "The bones of the thorax are intact.", "No destructive bone lesion.", "The visible upper abdomen is unremarkable.",
    ];
}
