package host

import "testing"

func FuzzOSRelease(f *testing.F) {
	f.Add("NAME=\"Debian GNU/Linux\"\nID=debian\nVERSION_ID='12'\n")
	f.Fuzz(func(t *testing.T, text string) {
		o := parseOSRelease(text)
		for _, s := range []*string{o.ID, o.Name} {
			if s != nil && len(*s) > len(text) {
				t.Fatalf("%q is longer than %q", *s, text)
			}
		}
	})
}
