package devserver

import "maps"

// BeforeWrite makes the server call f between the check of a body and the
// write, where others can come in between. It is not to be called while the
// server answers.
func (s *Server) BeforeWrite(f func()) { s.beforeWrite = f }

// NextPK makes f give the primary keys of new objects, where it gives any.
func (s *Server) NextPK(f func(model string) any) { s.store.nextPK = f }

// Adopt gives an object other values of fields that the server made up.
func (s *Server) Adopt(model, pk string, fields map[string]any) {
	s.store.Lock()
	defer s.store.Unlock()
	if o := s.store.get(model, pk); o != nil {
		all := maps.Clone(o.fields)
		for name, value := range fields {
			if _, has := all[name]; has {
				all[name] = value
			}
		}
		s.store.put(o.table, o.id, all)
	}
}
