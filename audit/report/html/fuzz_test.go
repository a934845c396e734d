package html_test

import (
	"bytes"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/report"
	"github.com/gpuaudit/gpuaudit/audit/report/html"
	"github.com/gpuaudit/gpuaudit/audit/report/reporttest"
)

// FuzzPage: of every report that is read, the page holds what this package writes and no
// more, and nothing makes it panic.
func FuzzPage(f *testing.F) {
	for _, text := range []string{"x", "</title><script>1</script>"} {
		r := reporttest.Hostile(text)
		fill(r.Report, text)
		var b bytes.Buffer
		if err := report.EncodeJSON(&b, r.Report, ""); err != nil {
			f.Fatal(err)
		}
		if _, err := report.Decode(b.Bytes(), 1<<20); err != nil {
			f.Fatal(err) // a seed that is not read tries nothing
		}
		f.Add(b.Bytes())
	}
	f.Add([]byte(`{"schema":"gpuaudit.report/v1","inventory":{"devices":[{"address":"0000:01:00.0","firmware":{"roms":[{"bytes":-9223372036854775808,"images":[{"offset":1,"bytes":9223372036854775807}]}]}}]},"devices":[{"address":"0000:01:00.0"}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := report.Decode(text, 1<<20)
		if err != nil {
			return
		}
		var b bytes.Buffer
		if err := html.Encode(&b, &report.Set{Reports: []report.Named{{Report: r}}}); err != nil {
			t.Fatal(err)
		}
		harmless(t, b.Bytes())
	})
}
