// Options of the just-in-time compiler, and its linker: several PTX texts become one.
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;

namespace HSENet.Ptx.Driver;

/// <summary>CUjit_option: what is asked to be logged; the other options change only what an assembler makes.</summary>
static unsafe class JitOptions
{
    const int WallTime = 2, InfoLog = 3, InfoLogSize = 4, ErrorLog = 5, ErrorLogSize = 6;

    /// <summary>Does what may fail with a message, and puts that into the program's buffer, too.</summary>
    public static void Log(uint count, int* options, void** values, Action action)
    {
        string error = "";
        try
        {
            action();
        }
        catch (Exception failure)
        {
            error = failure.Message;
            throw;
        }
        finally
        {
            Put(InfoLog, InfoLogSize, "");
            Put(ErrorLog, ErrorLogSize, error);
            if (Place(WallTime) is >= 0 and int time)
                *(float*)&values[time] = 0;
        }

        // A size is read, and how much of the buffer was used is written into its place.
        void Put(int buffer, int size, string text)
        {
            int sized = Place(size), place = Place(buffer);
            int bytes = sized < 0 ? 0 : (int)Math.Min((ulong)values[sized], int.MaxValue);
            if (place >= 0 && values[place] != null && bytes > 0)
                Device.Put(text, (byte*)values[place], bytes);
            if (sized >= 0)
                values[sized] = (void*)Math.Min(bytes, Encoding.UTF8.GetByteCount(text));
        }

        int Place(int option)
        {
            for (int n = 0; n < count; n++)
                if (options[n] == option)
                    return n;
            return -1;
        }
    }
}

sealed partial class Linker
{
    readonly List<string> _texts = [];
    nint _result;

    /// <param name="type">CUjitInputType: 1 is PTX, 2 a fat binary with PTX.</param>
    /// <param name="text">The text.</param>
    /// <param name="name">For messages.</param>
    public void Add(int type, string text, string name)
    {
        if (type is not (1 or 2))
            throw new DriverException(Result.NoBinaryForGpu, $"{name}: the emulator links PTX only");
        Image.Load(text).Dispose();
        _texts.Add(text);
    }

    /// <summary>The texts behind one another, with one head; what one declares another defines.</summary>
    public (nint Text, int Bytes) Complete()
    {
        if (_texts.Count == 0)
            throw new DriverException(Result.InvalidValue, "nothing was added");
        string version = _texts.Select(text => Version().Match(text).Groups[1].Value)
            .MaxBy(text => decimal.Parse(text, CultureInfo.InvariantCulture))!;
        string merged = $".version {version}\n{Target().Match(_texts[0]).Value}\n.address_size 64\n"
            + string.Join('\n', _texts.Select(WithoutHead));
        Image.Load(merged).Dispose();
        Free();
        _result = Marshal.StringToCoTaskMemUTF8(merged);
        return (_result, Encoding.UTF8.GetByteCount(merged) + 1);
    }

    static string WithoutHead(string text) => AddressSize().Replace(Target().Replace(Version().Replace(text, "", 1), "", 1), "", 1);

    public void Free()
    {
        Marshal.FreeCoTaskMem(_result);
        _result = 0;
    }

    [GeneratedRegex(@"^\s*\.version\s+([0-9]+\.[0-9]+)", RegexOptions.Multiline)]
    private static partial Regex Version();

    [GeneratedRegex(@"\.target\s+[a-z_0-9]+(\s*,\s*[a-z_0-9]+)*")]
    private static partial Regex Target();

    [GeneratedRegex(@"\.address_size\s+64")]
    private static partial Regex AddressSize();
}
