// Listings in a compact form, found by what the kernel's PTX says: for machines without an assembler.
using System.Globalization;
using System.IO.Compression;
using System.Text;

namespace HSENet.Ptx;

/// <summary>
/// A gzipped text. A kernel begins with <c>.kernel NAME ARCHITECTURE REGISTERS KEY</c>; every further line is an instruction: which of the
/// kernel's instructions of PTX begins the line that it was made from (from 1; 0 for none), guard, mnemonic, operands, scheduling fields in
/// hexadecimal, separated by tabs. Addresses follow from the order.
/// </summary>
public sealed class MachineListingStore
{
    readonly Dictionary<(string Key, string Architecture), (string Header, string Body)> _texts = [];

    /// <summary>How many listings it has.</summary>
    public int Count => _texts.Count;

    /// <summary>Adds the listings of a compact file.</summary>
    /// <exception cref="FormatException">The stream is not such a file.</exception>
    public void Add(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        string text;
        try
        {
            using GZipStream unpacked = new(stream, CompressionMode.Decompress, leaveOpen: true);
            using StreamReader reader = new(unpacked, Encoding.UTF8);
            text = reader.ReadToEnd();
        }
        catch (InvalidDataException failure)
        {
            throw new FormatException("the listings are no gzip file", failure);
        }
        foreach (string part in ("\n" + text).Split("\n.kernel ").Skip(1))
        {
            int end = part.IndexOf('\n', StringComparison.Ordinal);
            string[] words = part[..Math.Max(0, end)].Split(' ');
            if (words.Length != 4)
                throw new FormatException($"a kernel of the listings begins with '{part[..Math.Max(0, end)]}', expected four words");
            _texts[(words[3], words[1])] = (part[..end], part[(end + 1)..]);
        }
    }

    /// <summary>The listing of a kernel of a text, with that text's lines; null when there is none for the architecture.</summary>
    /// <exception cref="PtxException">The text has no such kernel.</exception>
    public MachineListing? Find(string ptx, string kernel, string architecture)
    {
        KernelText text = KernelText.Of(ptx, kernel);
        return _texts.TryGetValue((text.Key, architecture), out (string Header, string Body) found)
            ? Parse(found.Header, found.Body, text.Lines) : null;
    }

    /// <summary>Whether there is a listing of a kernel of a text for an architecture.</summary>
    /// <exception cref="PtxException">The text has no such kernel.</exception>
    public bool Has(string ptx, string kernel, string architecture) => _texts.ContainsKey((KernelText.Of(ptx, kernel).Key, architecture));

    /// <summary>Writes listings; their lines are those of the texts that they are given with.</summary>
    public static void Write(Stream stream, IEnumerable<(string Ptx, MachineListing Listing)> listings)
    {
        ArgumentNullException.ThrowIfNull(listings);
        using GZipStream packed = new(stream, CompressionLevel.SmallestSize, leaveOpen: true);
        using StreamWriter writer = new(packed, new UTF8Encoding(false)) { NewLine = "\n" };
        foreach ((string ptx, MachineListing listing) in listings)
        {
            KernelText text = KernelText.Of(ptx, listing.Kernel);
            writer.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $".kernel {listing.Kernel} {listing.Architecture} {listing.Registers} {text.Key}"));
            Dictionary<int, int> numbers = [];
            foreach ((int n, int line) in text.Lines.Index())
                numbers.TryAdd(line, n + 1);
            foreach (MachineInstruction i in listing.Instructions)
                writer.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"{numbers.GetValueOrDefault(i.Line)}\t{i.Guard}\t{i.Mnemonic}\t{i.Operands}\t{i.Control.Bits:x}"));
        }
    }

    static MachineListing Parse(string header, string body, IReadOnlyList<int> lines)
    {
        string[] words = header.Split(' ');
        List<MachineInstruction> code = [];
        foreach (string row in body.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] fields = row.Split('\t');
            if (fields.Length != 5 || !int.TryParse(fields[4], NumberStyles.HexNumber, CultureInfo.InvariantCulture, out int bits)
                || !int.TryParse(fields[0], NumberStyles.None, CultureInfo.InvariantCulture, out int number) || number > lines.Count)
                throw new FormatException($"kernel {words[0]} of the listings has the line '{row}', expected five fields");
            code.Add(new MachineInstruction(code.Count * MachineInstruction.Size, number == 0 ? 0 : lines[number - 1], fields[1],
                fields[2], fields[3], MachineControl.FromBits(bits)));
        }
        return new MachineListing(words[0], words[1], int.Parse(words[2], CultureInfo.InvariantCulture), code);
    }
}
