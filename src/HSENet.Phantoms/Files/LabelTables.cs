// Which findings each phantom has, as tables of 0 and 1 like those of CT-RATE's labels: what retrieval is judged by.
using System.Text;
using HSENet.Evaluation;

namespace HSENet.Phantoms;

static class LabelTables
{
    /// <summary>The table with a column for each kind.</summary>
    public const string Kinds = "labels.csv";

    /// <summary>The table with columns for kinds, sides, lobes and sizes: equal rows are equal truths.</summary>
    public const string Truth = "truth.csv";

    static readonly FindingKind[] All = Enum.GetValues<FindingKind>();

    static readonly (string Name, Func<Finding, bool> Is)[] Attributes =
    [
        ("", _ => true),
        ("_right", finding => finding.Side is Side.Right or Side.Both),
        ("_left", finding => finding.Side is Side.Left or Side.Both),
        ("_upper", finding => finding.Lobe == Lobe.Upper),
        ("_middle", finding => finding.Lobe == Lobe.Middle),
        ("_lower", finding => finding.Lobe == Lobe.Lower),
        ("_large", IsLarge),
    ];

    /// <summary>Each phantom's kinds.</summary>
    public static byte[] OfKinds(IEnumerable<PhantomRecord> phantoms) => Table(phantoms, Attributes[..1]);

    /// <summary>Each phantom's kinds, with side, lobe and class of size.</summary>
    public static byte[] OfTruth(IEnumerable<PhantomRecord> phantoms) => Table(phantoms, Attributes);

    /// <summary>Whether a finding is larger than the middle of what is drawn of its kind.</summary>
    public static bool IsLarge(Finding finding) => finding.Millimetres >= finding.Kind switch
    {
        FindingKind.Nodule => 27,
        FindingKind.Calcification => 20,
        FindingKind.Consolidation => 64,
        FindingKind.Effusion => 34,
        FindingKind.Pneumothorax or FindingKind.Emphysema => 29,
        _ => double.PositiveInfinity,
    };

    static byte[] Table(IEnumerable<PhantomRecord> phantoms, (string Name, Func<Finding, bool> Is)[] attributes)
    {
        var text = new StringBuilder("VolumeName");
        foreach (var kind in All)
            foreach (var (name, _) in attributes)
                text.Append(',').Append(PhantomReport.Word(kind)).Append(name);
        text.Append('\n');
        foreach (var phantom in phantoms)
        {
            text.Append(phantom.Image);
            foreach (var kind in All)
            {
                var finding = phantom.Findings.FirstOrDefault(finding => finding.Kind == kind);
                foreach (var (_, isSo) in attributes)
                    text.Append(',').Append(finding is not null && isSo(finding) ? '1' : '0');
            }
            text.Append('\n');
        }
        return Encoding.UTF8.GetBytes(text.ToString());
    }
}
