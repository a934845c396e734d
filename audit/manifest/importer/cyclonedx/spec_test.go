package cyclonedx_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/manifest"
	"github.com/gpuaudit/gpuaudit/audit/manifest/importer"
	"github.com/gpuaudit/gpuaudit/audit/manifest/importer/cyclonedx"
)

// software are the types of the components in the specification's own tests, which
// know no firmware.
var software = regexp.MustCompile(`("type": ?"|type=")(library|application|framework|container|file)"`)

// badHash are the tests of the specification with a digest that is none.
var badHash = regexp.MustCompile(`^invalid-hash-(md5|sha1|sha256|sha512)-`)

// TestSpecificationsFiles reads the tests of the specification in the folder that
// CYCLONEDX names (tools/src/test/resources of CycloneDX/specification): none that
// is valid is called malformed, none with a digest that is no digest is read, and
// what is not read at all says so. Software is taken for firmware, so that there is
// something to take.
func TestSpecificationsFiles(t *testing.T) {
	dir := os.Getenv("CYCLONEDX")
	if dir == "" {
		t.Skip("CYCLONEDX names no folder")
	}
	count := map[string]int{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		base, ext := filepath.Base(name), filepath.Ext(name)
		if err != nil || d.IsDir() || ext != ".json" && ext != ".xml" && ext != ".textproto" {
			return err
		}
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return err
		}
		_, err = cyclonedx.Import(software.ReplaceAll(b, []byte(`${1}firmware"`)), base, cyclonedx.Options{Kind: manifest.OptionROM})
		malformed := errors.Is(err, importer.ErrMalformed)
		if err != nil && !malformed && !errors.Is(err, importer.ErrNothing) {
			t.Errorf("%s: %v", name, err)
		}
		switch {
		case ext == ".textproto":
			if !malformed || !strings.Contains(err.Error(), "neither JSON nor XML") {
				t.Errorf("%s: %v", name, err)
			}
		case strings.HasPrefix(base, "valid-") && malformed, badHash.MatchString(base) && !malformed:
			t.Errorf("%s: %v", name, err)
		}
		outcome := "read"
		if err != nil {
			outcome = strings.SplitN(err.Error(), ":", 2)[0]
		}
		if malformed {
			outcome = "malformed"
		}
		count[fmt.Sprintf("%s %s %s", strings.SplitN(base, "-", 2)[0], ext, outcome)]++
		return nil
	})
	if err != nil || count["valid .json read"] == 0 || count["valid .xml read"] == 0 {
		t.Errorf("%v, %v", count, err)
	}
	t.Logf("%v", count)
}

// TestVersions: each version of the format is read in JSON and XML as the
// specification's tests write it, one of a later generation is refused as what it
// is, and so is the format's third form.
func TestVersions(t *testing.T) {
	for minor := 2; minor <= 7; minor++ {
		for form, doc := range map[string]string{
			"JSON": `{"$schema":"http://cyclonedx.org/schema/bom-1.%d.schema.json","bomFormat":"CycloneDX","specVersion":"1.%[1]d",
				"serialNumber":"urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79","version":1,"components":[
				{"type":"firmware","name":"vbios","version":"1.2","hashes":[{"alg":"MD5","content":"641b6e166f8b33c5e959e2adcc18b1c7"},{"alg":"SHA-256","content":"%s"}]}]}`,
			"XML": `<?xml version="1.0"?><bom serialNumber="urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79" version="1" xmlns="http://cyclonedx.org/schema/bom/1.%d">
				<components><component type="firmware"><name>vbios</name><version>1.2</version>
				<hashes><hash alg="MD5">641b6e166f8b33c5e959e2adcc18b1c7</hash><hash alg="SHA-256">%s</hash></hashes></component></components></bom>`,
		} {
			r, err := cyclonedx.Import(fmt.Appendf([]byte("\ufeff"), doc, minor, a256), "x", cyclonedx.Options{Kind: manifest.OptionROM})
			if err != nil || len(r.Firmware) != 1 || r.Firmware[0].SHA256 != a256 || r.Firmware[0].Version != "1.2" {
				t.Errorf("1.%d %s: %+v, %v", minor, form, r, err)
			}
			if _, err := cyclonedx.Import(fmt.Appendf(nil, doc, minor, "zoo"), "x", cyclonedx.Options{Kind: manifest.OptionROM}); !errors.Is(err, importer.ErrMalformed) || !strings.Contains(err.Error(), "vbios") {
				t.Errorf("1.%d %s with no digest: %v", minor, form, err)
			}
		}
	}
	for doc, why := range map[string]string{
		`{"bomFormat":"CycloneDX","specVersion":"2.0","components":[]}`: `version "2.0" of the format`,
		`<bom xmlns="http://cyclonedx.org/schema/bom/2.0"/>`:            `version "2.0" of the format`,
		"# proto-file: schema/bom-1.7.proto\nspec_version: \"1.7\"\n":   "neither JSON nor XML",
		"\x0a\x031.7": "neither JSON nor XML",
		"":            "neither JSON nor XML",
	} {
		if _, err := cyclonedx.Import([]byte(doc), "x", cyclonedx.Options{Kind: manifest.OptionROM}); !errors.Is(err, importer.ErrMalformed) || !strings.Contains(err.Error(), why) {
			t.Errorf("%q: %v", doc, err)
		}
	}
}
