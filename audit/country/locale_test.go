package country_test

import (
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/country"
)

func TestLocale(t *testing.T) {
	for _, c := range []struct{ all, messages, lang, language, place string }{
		{"", "", "", "", ""}, {"", "", "C", "C", ""}, {"", "", "fr_FR.UTF-8", "fr", "FR"}, {"", "de_DE@euro", "fr_FR", "de", "DE"},
		{"en", "de_DE", "fr_FR", "en", ""}, {"C.UTF-8", "", "", "C", ""}, {"fr_XX", "", "", "fr", ""},
	} {
		language, place := country.Locale(func(name string) string {
			return map[string]string{"LC_ALL": c.all, "LC_MESSAGES": c.messages, "LANG": c.lang}[name]
		})
		if language != c.language || place != c.place {
			t.Errorf("%+v: %q %q", c, language, place)
		}
	}
}
