package catalogue

import "errors"

// Sighting says that an image of a ROM was found in a public collection of
// dumps. It vouches for nothing: whoever made the dump may have changed it, and
// nobody signed the statement.
type Sighting struct {
	// Place is where: owner/repository@revision:file on GitHub.
	Place string `json:"place"`
	// Modified says that somebody changed the dump, as its content shows: it differs
	// from a factory image of the same part and version, or its signature is broken.
	// The name of a file is no such sign.
	Modified bool    `json:"modified"`
	Version  *string `json:"version,omitempty"`
	Part     *string `json:"part,omitempty"`
}

// SightingRow is a sighting with the digests of what was seen: of the image as it
// stands in the ROM, and the Authenticode digest of the EFI driver in it.
type SightingRow struct {
	Image         string
	Driver        *string
	Modified      *bool
	Version, Part *string
	Place         string
}

// SightingRows is the table of sightings.
func SightingRows() Table[SightingRow] {
	type row = SightingRow
	return Table[row]{"sightings.tsv", []column[row]{
		text("image_sha256", func(s *row) *string { return &s.Image }).inEveryFile(),
		optional("driver_sha256", func(s *row) **string { return &s.Driver }),
		boolean("modified", func(s *row) **bool { return &s.Modified }).inEveryFile(),
		optional("version", func(s *row) **string { return &s.Version }),
		optional("part", func(s *row) **string { return &s.Part }),
		text("place", func(s *row) *string { return &s.Place }).inEveryFile(),
	}, checkSighting}
}

func checkSighting(s *SightingRow) error {
	if s.Modified == nil {
		return errors.New("modified is blank: no verdict on modification")
	}
	return errors.Join(blank("image_sha256", s.Image), blank("place", s.Place))
}

// SeenImage is an image of a dump by its digests; Driver is "" where it is no EFI image.
type SeenImage struct{ Image, Driver string }

func (c *tables) addSighting(row *SightingRow) error {
	seen := SeenImage{Image: row.Image}
	if row.Driver != nil {
		seen.Driver = *row.Driver
	}
	c.dumps[row.Place] = append(c.dumps[row.Place], seen)
	s := Sighting{Place: row.Place, Modified: *row.Modified, Version: row.Version, Part: row.Part}
	c.sightings[row.Image] = append(c.sightings[row.Image], s)
	if row.Driver != nil {
		c.sightings[*row.Driver] = append(c.sightings[*row.Driver], s)
	}
	c.stats.Sightings++
	return nil
}
