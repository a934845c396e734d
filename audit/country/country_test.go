package country

import (
	"strings"
	"testing"

	"golang.org/x/text/language"
)

func TestCheck(t *testing.T) {
	for code, want := range map[string]string{
		"US": "", "CN": "", "TW": "", "EU": "", "GB": "",
		"UK": "the ISO 3166-1 code is GB", "uk": "the ISO 3166-1 code is GB", "EL": "GR",
		"us": "in capitals: US", "XX": "is no country", "": "is no country", "USA": "is no country", "D ": "is no country", "E A": "is no country",
	} {
		err := Check(code)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("Check(%q) = %v, want %q", code, err, want)
		}
	}
}

// TestCodes holds the list against CLDR's, which also has codes that ISO only
// reserved or gave up.
func TestCodes(t *testing.T) {
	list := strings.Fields(codes)
	if len(list) != 249 {
		t.Errorf("%d codes, ISO 3166-1 assigns 249", len(list))
	}
	reserved := " AC AN CP CQ CS DG EA EZ FQ IC NT PC SU TA UN XK YU "
	have := map[string]bool{}
	for _, c := range list {
		if r, err := language.ParseRegion(c); err != nil || !r.IsCountry() || r.Canonicalize() != r {
			t.Errorf("%s is no country of CLDR: %v", c, err)
		}
		have[c] = true
	}
	for a := 'A'; a <= 'Z'; a++ {
		for b := 'A'; b <= 'Z'; b++ {
			code := string([]rune{a, b})
			r, err := language.ParseRegion(code)
			if err == nil && r.IsCountry() && r.Canonicalize() == r && !have[code] && !strings.Contains(reserved, " "+code+" ") {
				t.Errorf("CLDR has %s (%s)", code, r.ISO3())
			}
		}
	}
}
