package devserver

// BeforeWrite makes the server call f between the check of a body and the
// write, where others can come in between. It is not to be called while the
// server answers.
func (s *Server) BeforeWrite(f func()) { s.beforeWrite = f }
