// Values of launch files: JSON to the bits of an element and back.
using System.Buffers.Binary;
using System.Globalization;
using System.Text.Json;

namespace HSENet.Ptx;

static class LaunchValues
{
    static readonly PtxType[] Types =
    [
        PtxType.U8, PtxType.S8, PtxType.U16, PtxType.S16, PtxType.U32, PtxType.S32, PtxType.U64, PtxType.S64,
        PtxType.F16, PtxType.Bf16, PtxType.F32, PtxType.F64, PtxType.B8, PtxType.B16, PtxType.B32, PtxType.B64,
    ];

    public static string TypeWords { get; } = string.Join(", ", Types.Select(type => type.Word()));

    public static PtxType? Type(string word) => PtxTypes.TryParse(word, out PtxType type) && Types.Contains(type) ? type : null;

    /// <summary>The bits of a number of a type, of "NaN" or an infinity for floats, or those that a string "0x…" gives.</summary>
    public static ulong Bits(JsonElement element, PtxType type, string place)
    {
        if (element.ValueKind == JsonValueKind.String)
            return FromText(element.GetString()!, type, place);
        if (element.ValueKind != JsonValueKind.Number)
            throw Fault(element.GetRawText(), type, place);
        string text = element.GetRawText();
        if (LaneRules.Integer(type) is { } integer)
        {
            // 64 bits of either sign
            Int128 value = element.TryGetInt64(out long signed) ? signed : element.TryGetUInt64(out ulong unsigned) ? unsigned
                : throw Fault(text, type, place);
            return value >= integer.Minimum && value <= integer.Maximum ? integer.Wrap(value) : throw Fault(text, type, place);
        }
        switch (type)
        {
            case PtxType.F16 when Half.TryParse(text, CultureInfo.InvariantCulture, out Half half) && Half.IsFinite(half):
                return BitConverter.HalfToUInt16Bits(half);
            case PtxType.F32 when element.TryGetSingle(out float single) && float.IsFinite(single):
                return BitConverter.SingleToUInt32Bits(single);
            case PtxType.F64 or PtxType.Bf16 when element.TryGetDouble(out double number) && double.IsFinite(number):
                FloatFormat format = LaneRules.Float(type)!;
                ulong bits = format.FromDouble(number, Rounding.Nearest);
                return format.IsInfinity(bits) ? throw Fault(text, type, place) : bits;
            default:
                throw Fault(text, type, place);
        }
    }

    static ulong FromText(string text, PtxType type, string place)
    {
        if (text.StartsWith("0x", StringComparison.OrdinalIgnoreCase)
            && ulong.TryParse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong bits)
            && (type.Bits() == 64 || bits >> type.Bits() == 0))
            return bits;
        if (LaneRules.Float(type) is { } format && text is "NaN" or "Infinity" or "-Infinity")
            return format.FromDouble(double.Parse(text, CultureInfo.InvariantCulture), Rounding.Nearest);
        throw Fault($"\"{text}\"", type, place);
    }

    static PtxLaunchException Fault(string text, PtxType type, string place) => new($"{place}: {text} is no {type.Word()}");

    public static void Write(ulong bits, Span<byte> element)
    {
        Span<byte> whole = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(whole, bits);
        whole[..element.Length].CopyTo(element);
    }

    /// <summary>Writes elements as JSON numbers; NaN and infinities as strings.</summary>
    public static void WriteJson(Utf8JsonWriter writer, PtxType type, ReadOnlySpan<byte> bytes)
    {
        writer.WriteStartArray();
        Span<byte> whole = stackalloc byte[8];
        for (int size = type.Bytes(), at = 0; at < bytes.Length; at += size)
        {
            whole.Clear();
            bytes.Slice(at, size).CopyTo(whole);
            ulong bits = BinaryPrimitives.ReadUInt64LittleEndian(whole);
            if (LaneRules.Integer(type) is { } integer)
            {
                if (integer.Signed)
                    writer.WriteNumberValue(integer.Extend(bits));
                else
                    writer.WriteNumberValue(bits);
                continue;
            }
            double value = LaneRules.Float(type)!.ToDouble(bits);
            if (!double.IsFinite(value))
                writer.WriteStringValue(double.IsNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity");
            else if (type == PtxType.F64)
                writer.WriteNumberValue(value);
            else
                writer.WriteNumberValue((float)value);
        }
        writer.WriteEndArray();
    }
}
