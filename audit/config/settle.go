package config

import (
	"fmt"
	"path/filepath"

	"github.com/gpuaudit/gpuaudit/audit/input"
	"github.com/gpuaudit/gpuaudit/audit/pack"
)

// Settled is what files, variables and flags say together.
type Settled struct {
	All Layer
	// Files are those of which a value counts.
	Files []*input.File
	// Pack is the pack that they name, as it was read, nil for none; Pinned is the one that
	// the first place names, "" for none: another one may not weaken it.
	Pack   *input.File
	Pinned string
}

// Settle says what every setting is: of the files at places, of variables, and of given,
// the later before the earlier. It is held to what the pack manages, which is read for that,
// in so far as has says that a setting counts; nil reads no pack and holds to nothing.
func Settle(places []Place, lookup func(string) (string, bool), given Layer, known []Setting, has func(name string) bool) (*Settled, error) {
	var order []*input.File
	var layers []Layer
	for _, place := range places {
		f, err := place.Read()
		if err != nil {
			return nil, fmt.Errorf("settings: %w", err)
		}
		layer := Layer{}
		if f != nil {
			if layer, err = Parse(f, filepath.Dir(place.Path), known); err != nil {
				return nil, fmt.Errorf("settings: %w", err)
			}
		}
		order, layers = append(order, f), append(layers, layer)
	}
	s := &Settled{All: Resolve(append(layers, Environment(lookup, known), given)...)}
	if has != nil {
		if err := s.hold(layers[0], known, has); err != nil {
			return nil, err
		}
	}
	if pinned, ok := layers[0]["pack"]; ok {
		s.Pinned = pinned.Text()
	}
	s.Files = s.All.Files(order...)
	return s, nil
}

// hold holds the settings to what the pack manages.
func (s *Settled) hold(system Layer, known []Setting, has func(string) bool) error {
	named, ok := s.All["pack"]
	if !ok {
		return nil
	}
	file, err := pack.Read(named.Text())
	if err != nil {
		return err
	}
	chosen, err := pack.Open(file)
	if err != nil {
		return err
	}
	s.Pack = file
	if first, ok := system["pack"]; ok && first.Text() != named.Text() {
		pinned, err := pack.Read(first.Text())
		if err != nil {
			return fmt.Errorf("%s: %w", first.From, err)
		}
		p, err := pack.Open(pinned)
		if err != nil {
			return fmt.Errorf("%s: %w", first.From, err)
		}
		if p != nil {
			if err := Pinned(first, p, named, file); err != nil {
				return err
			}
		}
	}
	return s.All.Hold(chosen, known, has)
}
