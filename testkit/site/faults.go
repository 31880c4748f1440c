package site

// RateLimit makes an owner's posts answer status_code 4; with lists too, also the lists.
func (s *Site) RateLimit(ownerID string, on, lists bool) error {
	return s.withOwner(ownerID, func(o *owner) { o.postsLimited, o.listsLimited = on, on && lists })
}

// Captcha puts a challenge before everything an owner's sessions ask for, or clears it.
func (s *Site) Captcha(ownerID string, on bool) error {
	return s.withOwner(ownerID, func(o *owner) {
		o.captcha = on
		if on {
			s.CloseSockets(o.uid)
		}
	})
}

// SetLayout changes the names of JSON keys, ids and classes for an owner, or for all ("").
func (s *Site) SetLayout(ownerID string, changed bool) error {
	if ownerID != "" {
		return s.withOwner(ownerID, func(o *owner) { o.changed = changed })
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, o := range s.world.owners {
		o.changed = changed
	}
	return nil
}

// Captchas lists the owners that are asked to solve one.
func (s *Site) Captchas() []Owner {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []Owner
	for _, o := range s.world.owners {
		if o.captcha {
			list = append(list, o.row())
		}
	}
	return list
}

// SetUploading has an owner's open desk upload without end, or stop: traffic that never pauses by itself.
func (s *Site) SetUploading(ownerID string, on bool) error {
	return s.withOwner(ownerID, func(o *owner) {
		o.uploadsEnded = !on
		s.push(o, "upload", map[string]any{"on": on})
	})
}

// calm takes the site's own faults away and stops the visitors.
func (s *Site) calm() {
	s.SetVisitors(false, 0)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, o := range s.world.owners {
		o.captcha, o.postsLimited, o.listsLimited, o.changed, o.mischief = false, false, false, false, ""
	}
	for _, k := range s.world.works {
		k.closed = false
	}
}

func (s *Site) withOwner(uid string, do func(*owner)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, err := s.world.mustOwn(uid)
	if err != nil {
		return err
	}
	do(o)
	return nil
}

// Logout ends all sessions of an owner. Silently: pages still look logged in, only JSON says otherwise.
func (s *Site) Logout(ownerID string, silently bool) error {
	err := s.withOwner(ownerID, func(*owner) {})
	if err == nil {
		s.EndSessions(ownerID, silently)
	}
	return err
}
