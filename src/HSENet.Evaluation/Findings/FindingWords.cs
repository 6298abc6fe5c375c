// The words by which findings, places, sizes and denials are recognised in reports in English.
using System.Text.RegularExpressions;

namespace HSENet.Evaluation;

/// <summary>Patterns over text in lower case.</summary>
static partial class FindingWords
{
    /// <summary>How each kind is named. Of two names at one place the longer one counts.</summary>
    public static IReadOnlyList<(FindingKind Kind, Regex Names)> Kinds { get; } =
    [
        (FindingKind.Calcification, Calcification()),
        (FindingKind.Nodule, Nodule()),
        (FindingKind.Effusion, Effusion()),
        (FindingKind.Consolidation, Consolidation()),
        (FindingKind.Emphysema, Emphysema()),
        (FindingKind.Cardiomegaly, Cardiomegaly()),
        (FindingKind.Pneumothorax, Pneumothorax()),
    ];

    /// <summary>What looks like a finding's name and is another matter.</summary>
    [GeneratedRegex(@"pericardial (?:effusion|fluid)|(?:coronary|aortic|vascular|arterial|valv\w+|wall) (?:\w+ )?calcif\w+"
        + @"|calcif\w+ of the (?:coronar|aort|valve|mitral|tracheal)\w*|subcutaneous emphysema|thyroid nodul\w+|nodul\w+ of the thyroid")]
    public static partial Regex Other();

    [GeneratedRegex(@"calcif\w+(?: (?:pulmonary|lung|round))*(?: (?:nodul\w+|granulom\w+|lesions?|foc\w+|mass\w*))?"
        + @"|(?:nodul\w+|granulom\w+|lesions?|foc(?:us|i)) (?:of|with) (?:\w+ ){0,2}calcif\w+|granulom\w+"
        + @"|(?:densely |heavily |completely )?mineral(?:is|iz)ed (?:nodul\w+|lesions?|foc\w+)")]
    private static partial Regex Calcification();

    [GeneratedRegex(@"(?:micro)?nodul(?:e|es|ar (?:lesions?|opacit\w+|densit\w+))\b|\bmass(?:es)?\b|coin lesions?"
        + @"|(?:round(?:ed)?|spherical) (?:soft[- ]tissue )?(?:lesions?|opacit\w+|densit\w+)")]
    private static partial Regex Nodule();

    [GeneratedRegex(@"effusions?|pleural fluid|fluid (?:\w+ ){0,4}pleural (?:space|cavity)|hydrothora\w+"
        + @"|pleural (?:space|cavity) (?:\w+ ){0,3}fluid|fluid collections? (?:\w+ ){0,4}pleura\w*")]
    private static partial Regex Effusion();

    [GeneratedRegex(@"consolidat\w+|air[- ]?space (?:opacit\w+|disease|filling|shadowing)|pneumoni(?:a|c)\b|infiltrat\w+")]
    private static partial Regex Consolidation();

    [GeneratedRegex(@"emphysem\w*|\bbullae?\b|bullous (?:change|disease)")]
    private static partial Regex Emphysema();

    [GeneratedRegex(@"cardiomegaly|cardiac enlargement|(?:enlarge(?:d|ment)|dilat(?:ed|ation)|big|large) (?:of the )?(?:heart|cardiac)"
        + @"(?: (?:silhouette|shadow))?|\b(?:heart|cardiac (?:silhouette|shadow|size))\b:?(?:(?! and (?!is\b)| with )[^,;:]){0,48}"
        + @"\b(?:enlarged|enlargement|increased|too large|dilated)\b|cardiothoracic ratio (?:\w+ ){0,3}(?:increased|above|exceeds)")]
    private static partial Regex Cardiomegaly();

    [GeneratedRegex(@"pneumothora\w+|(?:free )?(?:pleural air|air (?:\w+ ){0,6}pleural (?:space|cavity))|collapsed lung")]
    private static partial Regex Pneumothorax();

    /// <summary>Denials that stand before what they deny.</summary>
    [GeneratedRegex(@"\b(?:no|not|without|neither|nor|never|absence of|lack of|free (?:of|from)|negative for|clear of|devoid of"
        + @"|(?:rules?|ruled|ruling) out|exclud(?:e|es|ed|ing)|rather than|fails? to|n't|cannot)\b")]
    public static partial Regex DenialBefore();

    /// <summary>Denials behind what they deny.</summary>
    [GeneratedRegex(@"^[^,;:]{0,40}?\b(?:(?:is|are|was|were|can|could|has|have|does|do)(?: not|n't)|cannot|absent|not (?:seen|identified|present"
        + @"|detected|evident|visible|demonstrated|found|observed)|(?:has|have) (?:\w+ )?(?:resolved|cleared)|resolved|excluded|ruled out"
        + @"|none)\b")]
    public static partial Regex DenialBehind();

    /// <summary>Where a statement ends inside a sentence.</summary>
    [GeneratedRegex(@";|,? (?:but|however|whereas|while|although|though|yet)\b|, (?=there (?:is|are)\b)|, (?:and|with) (?=there\b)")]
    public static partial Regex StatementEnd();

    /// <summary>What parts two findings of one statement.</summary>
    [GeneratedRegex(@", (?:and |as well as )?|(?<!\b(?:right|left)) and (?:also )?(?!three|two)| with | as well as | plus | accompanied by | in addition to |\+")]
    public static partial Regex Separator();

    /// <summary>A sentence that goes on about what was said before.</summary>
    [GeneratedRegex(@"^\W*(?:it|this|these|they|its|(?:the )?(?:largest|larger|biggest|lesions?|finding|abnormality|former|dominant|diameter|maximum"
        + @"|maximal|size)|measur\w+|locat\w+|situated|both|size|diameter|maxim\w+|depth|up to|largest)\b")]
    public static partial Regex GoesOn();

    [GeneratedRegex(@"\b(?:bilateral(?:ly)?|bi-lateral|both|either side|right and (?:\w+ )?left|left and (?:\w+ )?right|on each side)\b")]
    public static partial Regex BothSides();

    [GeneratedRegex(@"\b(?:right(?:-sided)?|r[uml]l)\b")]
    public static partial Regex Right();

    [GeneratedRegex(@"\b(?:left(?:-sided)?|l[ul]l|lingula\w*)\b")]
    public static partial Regex Left();

    [GeneratedRegex(@"\b(?<lobe>upper|middle|lower|superior|inferior|mid)[- ](?:pulmonary |lung )?(?:lobes?|lobar|zones?|lung|fields?)\b"
        + @"|\b(?<lobe>rul|rml|rll|lul|lll|lingula\w*)\b|\b(?:right|left) (?<lobe>upper|middle|lower)\b")]
    public static partial Regex LobeName();

    [GeneratedRegex(@"(?<first>\d+(?:[.,]\d+)?)(?:\s*(?:mm|cm)?\s*(?:x|×|by|to|-|–)\s*(?<next>\d+(?:[.,]\d+)?))*[\s-]*"
        + @"(?<unit>mm|millimet(?:er|re)s?|cm|centimet(?:er|re)s?)\b")]
    public static partial Regex Size();

    [GeneratedRegex(@"\b(?<count>one|two|three|four|five|2|3|4|5|pair|couple|twin|solitary|single|multiple|several)\b(?!\s*(?:[.,]\d|x|×|-?\s*(?:mm|cm)))")]
    public static partial Regex Count();
}
