package lvfs

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/manifest/importer"
)

// metainfo is what is read of an AppStream component of type firmware
// (https://www.freedesktop.org/software/appstream/docs, "Firmware").
type metainfo struct {
	XMLName  xml.Name `xml:"component"`
	Type     string   `xml:"type,attr"`
	ID       string   `xml:"id"`
	Provides []string `xml:"provides>firmware"`
	Releases []struct {
		Version   string     `xml:"version,attr"`
		Checksums []checked  `xml:"checksum"`
		Artifacts []artifact `xml:"artifacts>artifact"`
	} `xml:"releases>release"`
}

type checked struct {
	Type     string `xml:"type,attr"`
	Filename string `xml:"filename,attr"`
	Target   string `xml:"target,attr"`
	Value    string `xml:",chardata"`
}

type artifact struct {
	Filename  string    `xml:"filename"`
	Checksums []checked `xml:"checksum"`
}

const metainfoLimit = 4 << 20

func parseMetainfo(text []byte) (*metainfo, error) {
	if len(text) > metainfoLimit {
		return nil, fmt.Errorf("metainfo: %w: more than %d bytes", importer.ErrMalformed, metainfoLimit)
	}
	var m metainfo
	if err := xml.NewDecoder(bytes.NewReader(text)).Decode(&m); err != nil {
		return nil, fmt.Errorf("metainfo: %w: %w", importer.ErrMalformed, err)
	}
	if m.Type != "firmware" {
		return nil, fmt.Errorf("metainfo: %w: a component of type %.40q, not firmware", importer.ErrMalformed, m.Type)
	}
	return &m, nil
}

// payload is a file that a release is about.
type payload struct {
	name, version string
	sha256        []string // as stated, perhaps none
}

// payloads are the files of the releases that are in the archive. A release that
// names no file is about the one that older archives call firmware.bin.
func (m *metainfo) payloads(files map[string][]byte) []payload {
	var list []payload
	for _, r := range m.Releases {
		stated := map[string][]string{}
		add := func(name string, c checked) {
			if _, there := files[name]; !there {
				return
			}
			sums := stated[name]
			if c.Type == "sha256" {
				sums = append(sums, strings.TrimSpace(c.Value))
			}
			stated[name] = sums
		}
		for _, c := range r.Checksums {
			if c.Target == "content" {
				add(c.Filename, c)
			}
		}
		for _, a := range r.Artifacts {
			for _, c := range a.Checksums {
				add(strings.TrimSpace(a.Filename), c)
			}
		}
		if _, there := files["firmware.bin"]; there && len(stated) == 0 {
			stated["firmware.bin"] = nil
		}
		for _, name := range slices.Sorted(maps.Keys(stated)) {
			list = append(list, payload{name, r.Version, stated[name]})
		}
	}
	return list
}
