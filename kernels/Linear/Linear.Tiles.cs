// What a group of the pipelined rungs computes: warps in a rectangle, each 64 outputs of some times eight rows of x.
namespace HSENet.Kernels;

public static partial class Linear
{
    /// <summary>Some warps down and some across, each 64 outputs wide.</summary>
    interface IPipelineTile
    {
        /// <summary>How many times eight rows of x a warp has: 4, 6, 8, 9, 10 or 12.</summary>
        static abstract int Eights { get; }

        /// <summary>Warps one below the other.</summary>
        static abstract int Down { get; }

        /// <summary>Warps side by side.</summary>
        static abstract int Across { get; }

        /// <summary>Groups that registers and shared memory let a multiprocessor hold.</summary>
        static abstract int Resident { get; }

        /// <summary>Whether a later tile's copies are started in the midst of a half, not behind the barrier, where all warps load at
        /// once.</summary>
        static abstract bool LateCopies { get; }
    }

    readonly struct Tile64x128 : IPipelineTile
    {
        public static int Eights => 4;

        public static int Down => 2;

        public static int Across => 2;

        public static int Resident => 4;

        public static bool LateCopies => false;
    }

    readonly struct Tile96x128 : IPipelineTile
    {
        public static int Eights => 6;

        public static int Down => 2;

        public static int Across => 2;

        public static int Resident => 2;

        public static bool LateCopies => false;
    }

    readonly struct Tile128x128 : IPipelineTile
    {
        public static int Eights => 8;

        public static int Down => 2;

        public static int Across => 2;

        public static int Resident => 2;

        public static bool LateCopies => false;
    }

    readonly struct Tile144x256 : IPipelineTile
    {
        public static int Eights => 9;

        public static int Down => 2;

        public static int Across => 4;

        public static int Resident => 1;

        public static bool LateCopies => true;
    }

    readonly struct Tile160x256 : IPipelineTile
    {
        public static int Eights => 10;

        public static int Down => 2;

        public static int Across => 4;

        public static int Resident => 1;

        public static bool LateCopies => false;
    }

    readonly struct Tile192x256 : IPipelineTile
    {
        public static int Eights => 12;

        public static int Down => 2;

        public static int Across => 4;

        public static int Resident => 1;

        public static bool LateCopies => false;
    }
}
