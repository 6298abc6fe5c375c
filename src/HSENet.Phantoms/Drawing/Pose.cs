// How a patient lies in the scanner: between millimetres of the scanner and the body's own coordinates.
using System.Numerics;

namespace HSENet.Phantoms;

/// <summary>
/// Patient coordinates throughout: x to the left, y to the back, z to the head. The body's own coordinates have their origin in the middle
/// of the chest and are those of a person of size 1. The head's direction stays the same along a row of voxels.
/// </summary>
readonly record struct Pose(Vector3 Shift, float Turn, float Pitch, float Scale)
{
    readonly float _cosTurn = MathF.Cos(Turn), _sinTurn = MathF.Sin(Turn), _cosPitch = MathF.Cos(Pitch), _sinPitch = MathF.Sin(Pitch);

    /// <summary>From millimetres in the scanner to the body.</summary>
    public Vector3 ToBody(Vector3 scanner)
    {
        var p = (scanner - Shift) / Scale;
        float y = _cosPitch * p.Y + _sinPitch * p.Z, z = _cosPitch * p.Z - _sinPitch * p.Y;
        return new(_cosTurn * p.X + _sinTurn * y, _cosTurn * y - _sinTurn * p.X, z);
    }

    /// <summary>From the body to millimetres in the scanner.</summary>
    public Vector3 ToScanner(Vector3 body)
    {
        float x = _cosTurn * body.X - _sinTurn * body.Y, y = _cosTurn * body.Y + _sinTurn * body.X;
        return new Vector3(x, _cosPitch * y - _sinPitch * body.Z, _cosPitch * body.Z + _sinPitch * y) * Scale + Shift;
    }

    /// <summary>What one millimetre along x is in the body.</summary>
    public Vector3 AlongX => new Vector3(_cosTurn, -_sinTurn, 0) / Scale;
}
