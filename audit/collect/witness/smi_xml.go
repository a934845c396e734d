package witness

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
)

const logEnd = "</nvidia_smi_log>"

// maxDepth is how deep elements may lie; nvidia-smi's lie seven deep.
const maxDepth = 16

// readXML reads nvidia-smi -q -x. The document type is passed over and nothing
// that it names is fetched; one that declares entities is refused.
// What follows the document is no part of it: nvidia-smi prints warnings there.
func (s *Statement) readXML(text string) error {
	if at := strings.Index(text, logEnd); at >= 0 {
		at += len(logEnd)
		if strings.Contains(text[at:], "<nvidia_smi_log") {
			return malformed("another document follows the first: give one recording per file")
		}
		s.around(text[at:])
		text = text[:at]
	}
	d := xml.NewDecoder(strings.NewReader(text))
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil } // it is UTF-8 by now
	r := xmlReader{smi: newSMI(s)}
	for {
		token, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = r.token(token)
		} else {
			err = malformed("%s", err)
		}
		if err != nil {
			return err
		}
	}
	if !r.done {
		return malformed("it ends within the XML: record it again, to its end")
	}
	return r.end()
}

type xmlReader struct {
	*smi
	path []string
	text strings.Builder
	leaf bool
	done bool
}

func (r *xmlReader) token(token xml.Token) error {
	switch t := token.(type) {
	case xml.Directive:
		if bytes.Contains(t, []byte("ENTITY")) {
			return malformed("its document type declares entities, which nvidia-smi does not")
		}
	case xml.StartElement:
		return r.start(t)
	case xml.CharData:
		r.text.Write(t)
	case xml.EndElement:
		return r.close(t.Name.Local)
	}
	return nil
}

func (r *xmlReader) start(t xml.StartElement) error {
	name := t.Name.Local
	switch {
	case len(r.path) == 0 && name != "nvidia_smi_log":
		return malformed("its XML is <%.40s>, and not <nvidia_smi_log>: %s", name, want)
	case len(r.path) == maxDepth:
		return malformed("elements lie more than %d deep", maxDepth)
	}
	r.path, r.leaf = append(r.path, name), true
	r.text.Reset()
	if len(r.path) == 2 && name == "gpu" {
		for _, a := range t.Attr {
			if a.Name.Local == "id" {
				return r.begin(a.Value)
			}
		}
		return malformed("a <gpu> has no id")
	}
	return nil
}

func (r *xmlReader) close(name string) error {
	last := len(r.path) - 1
	if last < 0 || r.path[last] != name {
		return malformed("</%.40s> closes nothing", name)
	}
	var err error
	switch {
	case !r.leaf:
	case last >= 2 && r.path[1] == "gpu":
		err = r.set(path(r.path[2:]), r.text.String())
	case last == 1 && !r.began:
		err = r.set(path([]string{name}), r.text.String())
	}
	r.path, r.leaf, r.done = r.path[:last], false, last == 0
	return err
}
