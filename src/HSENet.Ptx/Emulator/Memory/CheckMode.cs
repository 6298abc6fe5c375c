// What an access checks, as type arguments, so that what is off costs nothing.
namespace HSENet.Ptx;

/// <summary>Bounds are checked in every mode.</summary>
interface ICheckMode
{
    /// <summary>Alignment and initialisation are checked.</summary>
    static abstract bool Access { get; }

    /// <summary>Races are looked for.</summary>
    static virtual bool Races => false;

    /// <summary>Sectors and bank conflicts are counted.</summary>
    static virtual bool Profile => false;
}

readonly struct BoundsOnly : ICheckMode
{
    public static bool Access => false;
}

readonly struct AccessChecks : ICheckMode
{
    public static bool Access => true;
}

readonly struct RaceChecks : ICheckMode
{
    public static bool Access => true;
    public static bool Races => true;
}

readonly struct ProfiledChecks : ICheckMode
{
    public static bool Access => true;
    public static bool Profile => true;
}

readonly struct AllChecks : ICheckMode
{
    public static bool Access => true;
    public static bool Races => true;
    public static bool Profile => true;
}
