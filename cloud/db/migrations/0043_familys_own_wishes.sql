-- One of the family sees the wishes that they said themselves, and nobody else's: 0042 shows them nothing by itself.

CREATE POLICY family ON demand FOR SELECT USING (relative_id = (SELECT web.link_relative()));
