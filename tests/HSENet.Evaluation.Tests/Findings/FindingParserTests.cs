// Findings read from reports: what is said, what is denied, and wordings that the rules were not written for.
namespace HSENet.Evaluation.Tests;

public sealed class FindingParserTests
{
    static string Said(string report) => string.Join("; ", FindingParser.Parse(report).Select(Short));

    static string Short(Finding finding) => string.Join(" ", new[]
    {
        finding.Kind.ToString(), finding.Side == Side.None ? "" : finding.Side.ToString(),
            finding.Lobe == Lobe.None ? "" : finding.Lobe.ToString(),
        finding.Millimetres is { } size ? FormattableString.Invariant($"{size}") : "", finding.Number == 1 ? "" : $"×{finding.Number}",
    }.Where(part => part.Length > 0)).ToLowerInvariant();

    [Theory]
    [InlineData("A 12 mm nodule is seen in the right upper lobe.", "nodule right upper 12")]
    [InlineData("Two nodules in the left lower lobe, the largest 21 mm.", "nodule left lower 21 ×2")]
    [InlineData("No nodule, consolidation or effusion.", "")]
    [InlineData("No pleural effusion. Pneumothorax on the left, 18 mm.", "pneumothorax left 18")]
    [InlineData("18 x 14 mm nodule in the right middle lobe without calcification.", "nodule right middle 18")]
    [InlineData("A 1.8 cm nodule, which is calcified, in the left upper lobe.", "calcification left upper 18")]
    [InlineData("Nodules and effusions are absent.", "")]
    [InlineData("The heart is not enlarged.", "")]
    [InlineData("Heart size is increased, but there is no pleural effusion.", "cardiomegaly")]
    [InlineData("Small pericardial effusion. Coronary artery calcification.", "")]
    [InlineData("Nodule of 15 mm. It lies in the right lower lobe.", "nodule right lower 15")]
    [InlineData("Right pleural effusion of 30 mm and left pneumothorax of 20 mm.", "effusion right 30; pneumothorax left 20")]
    [InlineData("Right pleural effusion. Left pleural effusion, 22 mm.", "effusion both 22")]
    [InlineData("Emphysema has resolved.", "")]
    [InlineData("", "")]
    public void Findings_are_read_with_their_place_size_and_number(string report, string expected) =>
        Assert.Equal(expected, Said(report));

    // Written by hand after the rules, in words of other readers; see the page of phantoms.
    [Theory]
    [InlineData("Within the RUL there is a rounded lesion with a maximal diameter of 17 mm.", "nodule right upper 17")]
    [InlineData("Pulmonary nodule, left lower lobe, 2.1 cm.", "nodule left lower 21")]
    [InlineData("The right lung harbours three nodules in its middle lobe; the biggest one spans 24 mm.", "nodule right middle 24 ×3")]
    [InlineData("A pair of nodular lesions can be appreciated in the left upper lobe (up to 19 mm).", "nodule left upper 19 ×2")]
    [InlineData("Moderate amount of pleural fluid on the right side, 34 mm thick.", "effusion right 34")]
    [InlineData("Effusions are present bilaterally, reaching 28 mm.", "effusion both 28")]
    [InlineData("Left-sided hydrothorax with a depth of 4 cm.", "effusion left 40")]
    [InlineData("Dense airspace opacity occupying much of the right lower lobe, 66 mm in extent.", "consolidation right lower 66")]
    [InlineData("LUL pneumonia measuring roughly 5.5 cm.", "consolidation left upper 55")]
    [InlineData("The left lower lobe is partly consolidated over a distance of 48 mm.", "consolidation left lower 48")]
    [InlineData("Both upper lobes demonstrate centrilobular emphysema of moderate degree.", "emphysema both upper")]
    [InlineData("Emphysematous lung destruction is confined to the right upper lobe.", "emphysema right upper")]
    [InlineData("Upper lobe predominant emphysema bilaterally.", "emphysema both upper")]
    [InlineData("Heavily calcified nodule (16 mm) in the right upper lobe, likely old granulomatous disease.",
        "calcification right upper 16")]
    [InlineData("A focus of coarse calcification measures 18 mm and lies in the left lower lobe.", "calcification left lower 18")]
    [InlineData("Two granulomata, the larger 20 mm, in the right lower lobe.", "calcification right lower 20 ×2")]
    [InlineData("The heart appears markedly enlarged.", "cardiomegaly")]
    [InlineData("Enlarged cardiac silhouette.", "cardiomegaly")]
    [InlineData("Marked enlargement of the heart is evident.", "cardiomegaly")]
    [InlineData("Air is present within the right pleural space anteriorly, 22 mm in depth.", "pneumothorax right 22")]
    [InlineData("Anterior pneumothorax, left, with a separation of 31 mm between lung and chest wall.", "pneumothorax left 31")]
    [InlineData("Neither nodules nor consolidations are seen. No evidence of effusion or pneumothorax. Heart size within normal limits.", "")]
    [InlineData("The pleural spaces are clear. The lungs are free of nodules and emphysema.", "")]
    [InlineData("Lungs: no focal airspace disease. Pleura: small left effusion, 19 mm. Heart: enlarged.", "effusion left 19; cardiomegaly")]
    [InlineData("There is a nodule in the left upper lobe. It measures 23 mm. The heart is of normal size.", "nodule left upper 23")]
    [InlineData("Aside from a 14 mm nodule of the right middle lobe, the study is normal, without effusion.", "nodule right middle 14")]
    [InlineData("Pneumothorax cannot be seen; however, there is consolidation in the right upper lobe (52 mm).",
        "consolidation right upper 52")]
    [InlineData("Cardiomegaly with a right pleural effusion of 25 mm.", "effusion right 25; cardiomegaly")]
    [InlineData("The heart measures 17 cm from side to side and is enlarged.", "cardiomegaly 170")]
    [InlineData("Marked cardiomegaly, transverse diameter 168 mm, without effusion.", "cardiomegaly 168")]
    [InlineData("Panlobular emphysema of the lower lobes on both sides; the biggest bulla has 3 cm.", "emphysema both lower 30")]
    [InlineData("The left lower lobe contains several bullae, the largest 28 mm wide.", "emphysema left lower 28 ×3")]
    [InlineData("Nodule RLL 14 mm.", "nodule right lower 14")]
    [InlineData("Incidental note is made of a 2.6 cm mass within the left lower lobe.", "nodule left lower 26")]
    [InlineData("Three round opacities are demonstrated in the right upper lobe, of which the largest has a diameter of 22 mm.",
        "nodule right upper 22 ×3")]
    [InlineData("There is fluid in the left pleural cavity; its depth amounts to 37 mm.", "effusion left 37")]
    [InlineData("Bilateral effusions, right 20 mm and left 31 mm.", "effusion both 31")]
    [InlineData("In the lower lobe on the left, an infiltrate of 60 mm with air bronchograms.", "consolidation left lower 60")]
    [InlineData("Consolidative change, 7 cm, right middle lobe.", "consolidation right middle 70")]
    [InlineData("Bullous emphysema involves the upper lobe on the left side.", "emphysema left upper")]
    [InlineData("The heart is too large.", "cardiomegaly")]
    [InlineData("Cardiac size is increased compared with the thorax.", "cardiomegaly")]
    [InlineData("Pneumothorax (right), 25 mm.", "pneumothorax right 25")]
    [InlineData("A calcified lesion is identified in the right middle lobe and has a size of 15 mm.", "calcification right middle 15")]
    [InlineData("Mineralised nodule of the left upper lobe, 1.9 cm.", "calcification left upper 19")]
    [InlineData("I see no effusion. I do see a nodule of 20 mm in the left lower lobe.", "nodule left lower 20")]
    [InlineData("Lungs without consolidation, nodules or emphysema; pleura without fluid; heart not enlarged.", "")]
    [InlineData("No pneumothorax is demonstrated, and no pleural fluid. The cardiac silhouette is not enlarged.", "")]
    [InlineData("Consolidation and a 15 mm nodule coexist in the right lower lobe.", "nodule right lower 15; consolidation right lower")]
    [InlineData("Right pneumothorax, 33 mm, with two nodules of up to 18 mm in the left upper lobe.",
        "nodule left upper 18 ×2; pneumothorax right 33")]
    public void Paraphrases_are_read_as_they_are_meant(string report, string expected) => Assert.Equal(expected, Said(report));
}
