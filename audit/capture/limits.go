package capture

// Limits bound what reading an archive may cost. A field that is zero or
// negative means its default: no value switches a limit off.
type Limits struct {
	// Entries bounds the entries and the directories that they imply.
	Entries int
	// TotalBytes bounds the uncompressed archive, headers included.
	TotalBytes int64
	// FileBytes bounds one file.
	FileBytes int64
	// HeldBytes bounds what an archive takes in memory: names, entries, and the bytes of
	// files, of which the same ones count once.
	HeldBytes int64
	// Depth bounds the elements of a name, NameBytes its length and that of a
	// link's target.
	Depth, NameBytes int
	// Ratio bounds how many bytes one compressed byte may become, counted
	// after the first RatioGrace uncompressed bytes: small files of one
	// kind, as sysfs has them, compress very well.
	Ratio, RatioGrace int64
}

// DefaultLimits hold the capture of a large machine with room to spare.
func DefaultLimits() Limits {
	return Limits{
		Entries: 200_000, TotalBytes: 512 << 20, FileBytes: 32 << 20, HeldBytes: 104 << 20,
		Depth: 32, NameBytes: 1024, Ratio: 200, RatioGrace: 64 << 20,
	}
}

func (l Limits) orDefault() Limits {
	d := DefaultLimits()
	return Limits{
		Entries: or(l.Entries, d.Entries), TotalBytes: or(l.TotalBytes, d.TotalBytes), FileBytes: or(l.FileBytes, d.FileBytes), HeldBytes: or(l.HeldBytes, d.HeldBytes),
		Depth: or(l.Depth, d.Depth), NameBytes: or(l.NameBytes, d.NameBytes),
		Ratio: or(l.Ratio, d.Ratio), RatioGrace: or(l.RatioGrace, d.RatioGrace),
	}
}

func or[T int | int64](v, otherwise T) T {
	if v > 0 {
		return v
	}
	return otherwise
}
