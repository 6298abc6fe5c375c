// Listings in a compact form, found by what the kernel's PTX says: for machines without an assembler.
using System.Globalization;
using System.IO.Compression;
using System.Text;

namespace HSENet.Ptx;

/// <summary>
/// A gzipped text. A kernel begins with <c>.kernel NAME ARCHITECTURE REGISTERS KEY</c>; every further line is an instruction: line of PTX
/// counted from the kernel's first, guard, mnemonic, operands, scheduling fields in hexadecimal, separated by tabs. Addresses follow from
/// the order.
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
        if (!_texts.TryGetValue((MachineListing.Key(ptx, kernel), architecture), out (string Header, string Body) found))
            return null;
        return Parse(found.Header, found.Body).MoveLines(MachineListing.FirstLine(ptx, kernel) - 1);
    }

    /// <summary>Writes listings; their lines are those of the texts that they are given with.</summary>
    public static void Write(Stream stream, IEnumerable<(string Ptx, MachineListing Listing)> listings)
    {
        ArgumentNullException.ThrowIfNull(listings);
        using GZipStream packed = new(stream, CompressionLevel.SmallestSize, leaveOpen: true);
        using StreamWriter writer = new(packed, new UTF8Encoding(false)) { NewLine = "\n" };
        foreach ((string ptx, MachineListing listing) in listings)
        {
            writer.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $".kernel {listing.Kernel} {listing.Architecture} {listing.Registers} {MachineListing.Key(ptx, listing.Kernel)}"));
            int first = MachineListing.FirstLine(ptx, listing.Kernel);
            foreach (MachineInstruction i in listing.Instructions)
                writer.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"{(i.Line == 0 ? 0 : i.Line - first + 1)}\t{i.Guard}\t{i.Mnemonic}\t{i.Operands}\t{i.Control.Bits:x}"));
        }
    }

    static MachineListing Parse(string header, string body)
    {
        string[] words = header.Split(' ');
        List<MachineInstruction> code = [];
        foreach (string row in body.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] fields = row.Split('\t');
            if (fields.Length != 5 || !int.TryParse(fields[4], NumberStyles.HexNumber, CultureInfo.InvariantCulture, out int bits))
                throw new FormatException($"kernel {words[0]} of the listings has the line '{row}', expected five fields");
            code.Add(new MachineInstruction(code.Count * MachineInstruction.Size,
                int.Parse(fields[0], CultureInfo.InvariantCulture), fields[1],
                fields[2], fields[3], MachineControl.FromBits(bits)));
        }
        return new MachineListing(words[0], words[1], int.Parse(words[2], CultureInfo.InvariantCulture), code);
    }
}
