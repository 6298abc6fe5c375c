// The numbers of a label volume.
namespace HSENet.Phantoms;

/// <summary>What a voxel of a label volume belongs to. Findings cover what they lie in.</summary>
enum Label : byte
{
    None = 0,
    RightUpperLobe = 1,
    RightMiddleLobe = 2,
    RightLowerLobe = 3,
    LeftUpperLobe = 4,
    LeftLowerLobe = 5,
    Heart = 6,
    Aorta = 7,
    Nodule = 11,
    Effusion = 12,
    Consolidation = 13,
    Emphysema = 14,
    Calcification = 15,
    Cardiomegaly = 16,
    Pneumothorax = 17,
}
