// The first-level cache of a multiprocessor: lines of four sectors, the longest unused line goes.
namespace HSENet.Ptx;

/// <summary>Remembers when the sectors that it holds arrived or will arrive.</summary>
sealed class FirstLevelCache
{
    const int SectorsPerLine = 4;

    readonly Dictionary<ulong, int> _places;
    readonly long[] _arrival;
    readonly ulong[] _lines;
    readonly int[] _older, _newer;
    readonly int _capacity;
    int _count, _oldest = -1, _newest = -1;

    public FirstLevelCache(int bytes)
    {
        _capacity = Math.Max(1, bytes / 128);
        _places = new Dictionary<ulong, int>(_capacity);
        _arrival = new long[_capacity * SectorsPerLine];
        _lines = new ulong[_capacity];
        (_older, _newer) = (new int[_capacity], new int[_capacity]);
    }

    /// <summary>When a sector is there, or -1 when it was not asked for.</summary>
    public long Find(ulong sector)
    {
        if (!_places.TryGetValue(sector / SectorsPerLine, out int place))
            return -1;
        if (place != _newest)
        {
            Unlink(place);
            Link(place);
        }
        return _arrival[place * SectorsPerLine + (int)(sector % SectorsPerLine)];
    }

    /// <summary>A sector comes in at a time.</summary>
    public void Add(ulong sector, long arrival)
    {
        ulong line = sector / SectorsPerLine;
        if (!_places.TryGetValue(line, out int place))
        {
            if (_count < _capacity)
                place = _count++;
            else
            {
                place = _oldest;
                _places.Remove(_lines[place]);
                Unlink(place);
            }
            _lines[place] = line;
            _places[line] = place;
            Array.Fill(_arrival, -1, place * SectorsPerLine, SectorsPerLine);
            Link(place);
        }
        _arrival[place * SectorsPerLine + (int)(sector % SectorsPerLine)] = arrival;
    }

    void Link(int place)
    {
        (_older[place], _newer[place]) = (_newest, -1);
        if (_newest >= 0)
            _newer[_newest] = place;
        _newest = place;
        if (_oldest < 0)
            _oldest = place;
    }

    void Unlink(int place)
    {
        if (_older[place] >= 0)
            _newer[_older[place]] = _newer[place];
        else
            _oldest = _newer[place];
        if (_newer[place] >= 0)
            _older[_newer[place]] = _older[place];
        else
            _newest = _older[place];
    }
}
