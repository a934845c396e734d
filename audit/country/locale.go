package country

import "strings"

// Locale is the language and the country that the locale of messages names, as POSIX has it
// (Base Definitions, section 8.2): of the variables, what is set first counts. One that it
// does not name is "".
func Locale(getenv func(string) string) (language, place string) {
	for _, name := range [...]string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if value := getenv(name); value != "" {
			value, _, _ = strings.Cut(value, ".")
			value, _, _ = strings.Cut(value, "@")
			language, place, _ = strings.Cut(value, "_")
			if Check(place) != nil {
				place = ""
			}
			return language, place
		}
	}
	return "", ""
}
