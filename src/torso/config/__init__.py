"""Model configs under the Hub's own key names: fields, files, descriptions."""
