package schematest

import (
	"go/ast"
	"strings"
	"testing"
)

func TestWords(t *testing.T) {
	for name, want := range map[string]string{"Device": "device", "EFIImage": "efi_image", "BAR": "bar", "BoardMaker": "board_maker", "IOMMUGroup": "iommu_group"} {
		if got := words(name); got != want {
			t.Errorf("%s is %s, not %s", name, got, want)
		}
	}
}

// TestClash: two types of one name would overwrite each other in the schema.
func TestClash(t *testing.T) {
	type both struct {
		A ast.Comment `json:"a"`
		B Comment     `json:"b"`
	}
	if _, err := (Schema{Of: &both{}}).text(); err == nil || !strings.Contains(err.Error(), `both published as "comment"`) {
		t.Errorf("got %v", err)
	}
	if _, err := (Schema{Of: &struct {
		A ast.Comment `json:"a"`
	}{}}).text(); err != nil {
		t.Error(err)
	}
}

// Comment has the name of another package's type.
type Comment struct{}
