package catalog

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

// Sightings lists where an image was seen, by the SHA-256 of the image as it
// stands in the ROM, or by the Authenticode SHA-256 of the EFI driver inside it.
func (c *Catalogue) Sightings(sha256 string) []Sighting { return c.sightings[sha256] }

func (c *Catalogue) sighting(r *row) {
	image, driver := r.text(), r.optional()
	modified := r.boolean()
	s := Sighting{Version: r.optional(), Part: r.optional(), Place: r.text()}
	if modified == nil {
		r.fail("no verdict on modification")
		return
	}
	s.Modified = *modified
	c.sightings[image] = append(c.sightings[image], s)
	if driver != nil {
		c.sightings[*driver] = append(c.sightings[*driver], s)
	}
	c.stats.Sightings++
}
