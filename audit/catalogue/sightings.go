package catalogue

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/gpuaudit/gpuaudit/audit/lazyregexp"
)

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
	Image    string  `json:"image_sha256"`
	Driver   *string `json:"driver_sha256,omitempty"`
	Modified *bool   `json:"modified"`
	Version  *string `json:"version,omitempty"`
	Part     *string `json:"part,omitempty"`
	Place    string  `json:"place"`
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

// maxSightings caps rows that are laid on those of the program.
const maxSightings = 50_000

var digest = lazyregexp.New(`^[0-9a-f]{64}$`)

// withSightings: see [Catalogue.WithSightings].
func (c *tables) withSightings(rows []SightingRow, by string) (*tables, error) {
	if len(rows) == 0 || len(rows) > maxSightings {
		return nil, fmt.Errorf("%d sightings: from 1 to %d can be taken", len(rows), maxSightings)
	}
	d := c.clone()
	d.sightings, d.dumps = maps.Clone(c.sightings), maps.Clone(c.dumps)
	for i, s := range rows {
		err := checkSighting(&s)
		if err == nil && (!digest.MatchString(s.Image) || s.Driver != nil && !digest.MatchString(*s.Driver)) {
			err = errors.New("a digest is no SHA-256")
		}
		if err == nil && !IsName(s.Place) {
			err = errors.New("the place is none")
		}
		if err != nil {
			return nil, fmt.Errorf("sighting %d: %w", i, err)
		}
		s.Place += " (" + by + ")"
		// The lists of the program are not written to.
		for _, sum := range []*string{&s.Image, s.Driver} {
			if sum != nil {
				d.sightings[*sum] = slices.Clip(d.sightings[*sum])
			}
		}
		if err := d.addSighting(&s); err != nil {
			return nil, err
		}
	}
	return d, nil
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
