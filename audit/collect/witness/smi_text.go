package witness

import "strings"

// logHeader is the first line of nvidia-smi -q.
const logHeader = "==============NVSMI LOG=============="

// readLog reads nvidia-smi -q: "name : value" lines, and section names, each
// four spaces deeper than the section that it is in. Lines that are of no
// section, and what is indented below them, are left aside; warnings are taken.
func (s *Statement) readLog(text string) error {
	b := newSMI(s)
	var names []string
	number, outside := 0, false
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimRight(line, " \t\r\n")
		key := strings.TrimLeft(line, " ")
		depth := (len(line) - len(key)) / 4
		if key == "" || number == 1 {
			continue
		}
		key, value, valued := cutValue(key)
		if depth == 0 {
			names = nil
			address, gpu := strings.CutPrefix(key, "GPU ")
			var err error
			switch {
			case line == logHeader:
				err = malformed("it holds two recordings: give the output of nvidia-smi -q alone")
			case gpu && !valued:
				outside = false
				err = b.begin(address)
			case !b.began && valued:
				err = b.set(path([]string{key}), value)
			default:
				outside = !s.line(line) || outside
			}
			if err != nil {
				return err
			}
			continue
		}
		if depth > len(names)+1 || outside || !b.began {
			continue // of a list that we do not read
		}
		names = append(names[:depth-1], key)
		if !valued {
			continue
		}
		if err := b.set(path(names), value); err != nil {
			return err
		}
	}
	return b.end()
}

// cutValue takes a line apart at the colon that stands by itself: those within
// an address or a time do not.
func cutValue(line string) (key, value string, valued bool) {
	if key, ok := strings.CutSuffix(line, " :"); ok {
		return strings.TrimSpace(key), "", true
	}
	key, value, valued = strings.Cut(line, " : ")
	return strings.TrimSpace(key), strings.TrimSpace(value), valued
}
