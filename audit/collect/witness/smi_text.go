package witness

import "strings"

// logHeader is the first line of nvidia-smi -q.
const logHeader = "==============NVSMI LOG=============="

// readLog reads nvidia-smi -q: "name : value" lines, and section names, each
// four spaces deeper than the section that it is in.
func (s *Statement) readLog(text string) error {
	b := newSMI(s)
	var path []string
	number := 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimRight(line, " \r\n")
		key := strings.TrimLeft(line, " ")
		depth := (len(line) - len(key)) / 4
		if key == "" || number == 1 {
			continue
		}
		key, value, valued := cutValue(key)
		if depth == 0 {
			path = nil
			address, gpu := strings.CutPrefix(key, "GPU ")
			var err error
			switch {
			case gpu && !valued:
				err = b.begin(address)
			case b.gpu == nil && valued:
				err = b.set(key, value)
			default:
				err = malformed("line %d is %.60q: give the output of nvidia-smi -q alone", number, line)
			}
			if err != nil {
				return err
			}
			continue
		}
		if depth > len(path)+1 || b.gpu == nil {
			continue // of a list that we do not read
		}
		path = append(path[:depth-1], key)
		if !valued {
			continue
		}
		if err := b.set(strings.Join(path, "/"), value); err != nil {
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
