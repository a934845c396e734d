package firmware

// vendorTables lets the maker's own tables speak. They are looked for in the
// first legacy image of the chain.
func (p *parser) vendorTables() {}
