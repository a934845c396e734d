package signed

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"

	"github.com/gpuaudit/gpuaudit/audit/bounded"
	"github.com/gpuaudit/gpuaudit/audit/input"
	"github.com/gpuaudit/gpuaudit/audit/report"
)

// Limit caps a stored report that nobody signed, in bytes: that of 512 GPUs has some
// 25 MiB. What is signed is held to the limits of package seal.
const Limit = 64 << 20

// Kind is what a stored file holds.
type Kind string

const (
	KindReport  Kind = "report"
	KindBundle  Kind = "signed report"
	KindCapture Kind = "capture"
	// KindOther is a file that is none of these.
	KindOther Kind = ""
)

// Why a stored file is not read, beside the errors of [Verify].
var (
	// ErrOther: it is no kind of file that holds an audit.
	ErrOther = errors.New("neither a report nor a capture")
	// ErrUnsigned: a signature was asked for, and there is none.
	ErrUnsigned = errors.New("carries no signature, and one was asked for")
	// ErrNoReport: it is a capture, and a report is wanted.
	ErrNoReport = errors.New("this is a capture and no report: gpuaudit scan --capture judges it")
)

// File is a stored file whose kind is known and whose content nobody has read yet.
type File struct {
	Kind Kind
	// Archive is a capture, from its first byte on; nil for all other kinds.
	Archive io.Reader

	text []byte
	// cause says of KindOther what the file is instead.
	cause string
}

// headBytes are as many as tell the kind of a file: a tar header has 512.
const headBytes = 4096

// Load reads a stored file as far as is needed to say what it holds: a report whole,
// a capture not beyond its first bytes. Its errors are those of reading, and of the
// size. Whether an input is a report, signed or not, or a capture is told here alone.
func Load(r io.Reader) (*File, error) { return LoadInto(nil, r) }

// LoadInto loads as Load does, into the memory of room where that is enough; see
// [File.Room].
func LoadInto(room []byte, r io.Reader) (*File, error) {
	b := bufio.NewReaderSize(r, headBytes)
	head, err := b.Peek(headBytes)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	switch {
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}), len(head) > 262 && string(head[257:262]) == "ustar":
		return &File{Kind: KindCapture, Archive: b}, nil
	case !bytes.HasPrefix(bytes.TrimLeft(head, " \t\r\n"), []byte("{")):
		return &File{cause: instead(head)}, nil
	}
	text, err := bounded.ReadInto(room, sized{b, r}, Limit)
	switch {
	case errors.Is(err, bounded.ErrLimit):
		return nil, fmt.Errorf("%w than %d bytes", input.ErrTooLarge, Limit)
	case err != nil:
		return nil, err
	}
	return jsonFile(text), nil
}

// sized reads through a buffer from what may say how large it is.
type sized struct {
	io.Reader
	under io.Reader
}

func (s sized) Stat() (fs.FileInfo, error) {
	if f, ok := s.under.(interface{ Stat() (fs.FileInfo, error) }); ok {
		return f.Stat()
	}
	return nil, errors.ErrUnsupported
}

// instead says what the first bytes of a file are that begins neither with a brace
// nor as an archive does.
func instead(head []byte) string {
	switch {
	case len(head) == 0:
		return "the file is empty"
	case bytes.HasPrefix(head, []byte{0xef, 0xbb, 0xbf}):
		return "it begins with a byte order mark: store it as plain UTF-8"
	case bytes.HasPrefix(head, []byte{0xff, 0xfe}), bytes.HasPrefix(head, []byte{0xfe, 0xff}):
		return "it is UTF-16: store it as plain UTF-8"
	}
	return "it is neither JSON nor an archive"
}

// The members of a bundle, none of which a report has, and of a statement. Since
// unknown members are refused in all of them, the first one tells which of them a
// file can be, in whatever order they stand.
var (
	bundleNames    = []string{"mediaType", "verificationMaterial", "dsseEnvelope", "messageSignature"}
	statementNames = []string{"_type", "subject", "predicateType", "predicate"}
)

func jsonFile(text []byte) *File {
	// The decoder would hold a first name twice that is as long as the file.
	dec := json.NewDecoder(bytes.NewReader(text[:min(len(text), headBytes)]))
	_, _ = dec.Token() // the brace
	token, _ := dec.Token()
	name, _ := token.(string)
	switch {
	case slices.Contains(bundleNames, name):
		return &File{Kind: KindBundle, text: text}
	case slices.Contains(statementNames, name):
		return &File{cause: "it is a statement that is yet to be signed"}
	}
	return &File{Kind: KindReport, text: text}
}

// Room is the memory that holds the file, for the next one: nothing of this one may be read
// any more. What [File.OnlyFacts] gave holds nothing of it.
func (f *File) Room() []byte { return f.text[:0] }

// Unsigned is an error unless the file holds a signed report.
func (f *File) Unsigned() error {
	switch f.Kind {
	case KindBundle:
		return nil
	case KindReport:
		return fmt.Errorf("the report %w", ErrUnsigned)
	case KindCapture:
		return fmt.Errorf("a capture %w", ErrUnsigned)
	}
	return fmt.Errorf("%w, and it %w: %s", ErrOther, ErrUnsigned, f.cause)
}

// Stored is a report that was stored.
type Stored struct {
	Report *report.Report
	// Text is the report as it was stored, in JSON. A report of an older version keeps
	// its members only there.
	Text []byte
	// Signed says that somebody signed it, Verified who; nil where nobody said whom
	// to believe.
	Signed   bool
	Verified *Verified
	// Facts is the text of what it is judged anew by, for [report.DecodeGathered].
	Facts []byte
}

// Report reads the report that the file holds. A signed one is verified where p says
// whom to believe; with nil it is read as it is, which proves nothing.
func (f *File) Report(p *Policy) (*Stored, error) {
	switch f.Kind {
	case KindReport:
		r, facts, err := parse(f.text, Limit, report.DecodeWhole)
		if err != nil {
			return nil, err
		}
		return &Stored{Report: r, Text: f.text, Facts: facts}, nil
	case KindBundle:
		if p == nil {
			return unverified(f.text)
		}
		v, err := Verify(f.text, *p)
		if err != nil {
			return nil, err
		}
		return &Stored{Report: v.Report, Text: v.Text, Signed: true, Verified: v, Facts: v.facts}, nil
	case KindCapture:
		return nil, ErrNoReport
	}
	return nil, fmt.Errorf("%w: %s", ErrOther, f.cause)
}

// OnlyFacts reads the report that the file holds for what was read of a machine: of one
// that nobody signed, the findings are not decoded, see [report.DecodeFacts], and there is
// no Text. What is signed is read as Report reads it.
func (f *File) OnlyFacts(p *Policy) (*Stored, error) {
	if f.Kind != KindReport {
		return f.Report(p)
	}
	r, facts, err := parse(f.text, Limit, report.DecodeFacts)
	if err != nil {
		return nil, err
	}
	return &Stored{Report: r, Facts: facts}, nil
}

// Statement is the stored report as a statement to sign.
func (s *Stored) Statement() ([]byte, error) { return statement(s.Text) }
