package advisory

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/lazyregexp"
)

// Version is one of at most four numbers, as rules compare them; missing ones are 0.
type Version [4]int

var (
	versionForm = lazyregexp.New(`^(?:[0-9]{1,4}:)?v?([0-9]{1,9}(?:\.[0-9]{1,9}){0,3})(?:-([0-9A-Za-z.+~]+))?$`)
	idForm      = lazyregexp.New(`^[A-Za-z0-9][A-Za-z0-9._:-]{0,79}$`)
)

var errRevision = errors.New("a revision of a distribution, by which versions are not compared")

// ParseVersion reads a version. A revision that a distribution counts up is refused: what it
// mends does not show in the numbers that are compared.
func ParseVersion(s string) (*Version, error) {
	m := versionForm.FindStringSubmatch(strings.TrimSpace(s))
	if m == nil {
		return nil, fmt.Errorf("%.60q is no version of numbers and dots", s)
	}
	if m[2] != "" && m[2] != "0" && m[2] != "1" {
		return nil, fmt.Errorf("%.60q is %w", s, errRevision)
	}
	v := &Version{}
	for i, part := range strings.Split(m[1], ".") {
		n, err := strconv.Atoi(part)
		if err != nil {
			return nil, err
		}
		v[i] = n
	}
	return v, nil
}

func (v *Version) compare(w *Version) int {
	for i := range v {
		if c := cmp.Compare(v[i], w[i]); c != 0 {
			return c
		}
	}
	return 0
}

func (v *Version) String() string {
	return strings.TrimSuffix(fmt.Sprintf("%d.%d.%d.%d", v[0], v[1], v[2], v[3]), ".0")
}

func isDay(s string) bool {
	_, err := time.Parse(time.DateOnly, s)
	return err == nil
}

// span is a range of versions that are affected: from the first on, below the fixed one.
// last is set in the place of fixed where the last affected one is stated.
type span struct{ from, fixed, last *Version }

// parseSpan reads a range: vers ("vers:generic/>=1.0|<1.19.1"), or comparisons with commas or
// spaces between ("<1.19.1", ">= 1.0, < 1.19.1").
func parseSpan(s string) (*span, error) {
	text := s
	if rest, is := strings.CutPrefix(s, "vers:"); is {
		_, constraints, found := strings.Cut(rest, "/")
		if !found {
			return nil, fmt.Errorf("%.80q is no range of versions", s)
		}
		text = strings.ReplaceAll(constraints, "|", " ")
	}
	text = strings.ReplaceAll(text, ",", " ")
	for _, operator := range []string{"<", ">", "="} {
		text = strings.ReplaceAll(text, operator+" ", operator)
	}
	r := &span{}
	for _, word := range strings.Fields(text) {
		number := strings.TrimLeft(word, "<>=")
		v, err := ParseVersion(number)
		if err != nil {
			return nil, err
		}
		switch at := map[string]**Version{"<": &r.fixed, "<=": &r.last, ">=": &r.from}[strings.TrimSuffix(word, number)]; {
		case at == nil:
			return nil, fmt.Errorf("%.80q: %.60q is no bound that is read here (<, <=, >=)", s, word)
		case *at != nil:
			return nil, fmt.Errorf("%.80q is more than one range", s)
		default:
			*at = v
		}
	}
	if (r.fixed == nil) == (r.last == nil) {
		return nil, fmt.Errorf("%.80q states no end, or two", s)
	}
	return r, nil
}
