package state

// Asked are the places that an update of some channels asks, all where none is named.
type Asked struct {
	// Places are those that somebody named on a command line.
	Places []string
	// Unnamed are channels whose place nobody named, by where that is: it is not asked.
	Unnamed map[string]string
	// Unread is why it is not known what somebody named; nothing counts as named then.
	Unread error
}

// Asked says which places an update asks: what the state remembers, a process without rights
// may have written, but for the places that somebody named.
func (d *Dir) Asked(name string) (*Asked, error) {
	names, err := d.Names()
	if err != nil {
		return nil, err
	}
	a := &Asked{Unnamed: map[string]string{}}
	var named []string
	named, a.Unread = d.Places()
	if name != "" {
		names = []string{name}
	}
	for _, name := range names {
		from, err := d.From(name)
		switch {
		case err != nil || from == "":
		case Named(named, from):
			a.Places = append(a.Places, from)
		default:
			a.Unnamed[name] = from
		}
	}
	return a, nil
}
