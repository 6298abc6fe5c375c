// Which registers are declared where: exact names and counted stems, innermost block first.
namespace HSENet.Ptx;

/// <summary>The register declarations that are in force, one dictionary a block.</summary>
sealed class RegisterScopes
{
    // Width is 1, or the number of elements of a vector register, which has no row of its own.
    readonly record struct Declaration(PtxType Type, int? Count, int Width);

    readonly List<Dictionary<string, Declaration>> _scopes = [];

    public int Depth => _scopes.Count;

    public void Open() => _scopes.Add([]);
    public void Close() => _scopes.RemoveAt(_scopes.Count - 1);

    /// <summary>False when the innermost block has the name already.</summary>
    public bool Declare(PtxRegisterName name, PtxType type, int width = 1) =>
        _scopes[^1].TryAdd(name.Count == null ? name.Name : name.Name + "<", new Declaration(type, name.Count, width));

    /// <summary>Finds a register of vector type and the number of its elements.</summary>
    public bool TryFindVector(string name, out int width)
    {
        bool found = TryFind(name, out Declaration declaration, out _) && declaration.Width > 1;
        width = declaration.Width;
        return found;
    }

    /// <summary>Finds a register; <paramref name="depth"/> is the index of its block, 0 for the function's own.</summary>
    public bool TryFind(string name, out PtxType type, out int depth)
    {
        bool found = TryFind(name, out Declaration declaration, out depth);
        type = declaration.Type;
        return found;
    }

    bool TryFind(string name, out Declaration declaration, out int depth)
    {
        for (depth = _scopes.Count - 1; depth >= 0; depth--)
        {
            if (_scopes[depth].TryGetValue(name, out declaration))
                return true;
            for (int stem = name.Length - 1; stem > 0 && char.IsAsciiDigit(name[stem]); stem--)
                if (int.TryParse(name.AsSpan(stem), out int number) && (stem == name.Length - 1 || name[stem] != '0')
                    && _scopes[depth].TryGetValue(name[..stem] + "<", out declaration) && number < declaration.Count)
                    return true;
        }
        declaration = default;
        return false;
    }
}
